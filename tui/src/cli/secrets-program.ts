import { secretCategories } from '@hq/shared/rows';
import { type Command, Option } from 'commander';
import { z } from 'zod';
import type { Console } from './console.ts';

const text = z.string().optional();
const flag = z.boolean().default(false);
const where = z.object({ gateway: text, agent: text, json: flag });
const listOptions = where.extend({ wide: flag });
const writeOptions = where.extend({
  file: text,
  keepNewline: flag,
  category: z.enum(secretCategories).optional(),
  name: text,
  note: text,
  wait: flag,
  timeout: text,
});
const deleteOptions = where.extend({ yes: flag });
const rekeyOptions = z.object({
  dryRun: flag,
  batch: text,
  yes: flag,
  oldKeyFile: text,
  newKeyFile: text,
  json: flag,
});

/** `hq-tui secrets …`. What stands behind a key may be a value, so nothing here repeats an argument. */
export function addSecrets(program: Command, console: Console, isReadonly: () => boolean): void {
  const secrets = program
    .command('secrets')
    .description('credentials of gateways and agents; values are never shown');

  const at = (name: string, description: string): Command =>
    secrets
      .command(name)
      .description(description)
      .option('--gateway <gateway>', 'slug or id; may be left out where there is one')
      .option('--agent <agent>', 'of this agent alone, by slug or id')
      .option('--json', 'one JSON document');

  at('list', 'which secrets there are, and whether they are on their gateways')
    .option('--wide', 'do not cut the table to the terminal')
    .action(async (_options: unknown, self: Command) => {
      const { listSecrets } = await import('./secrets.ts');
      await listSecrets(console, listOptions.parse(self.opts()));
    });

  const descriptions = {
    set: 'store a new secret; its value is typed unseen, piped in, or read from a file',
    rotate: 'give a secret another value',
  } as const;
  for (const how of ['set', 'rotate'] as const) {
    at(how, descriptions[how])
      .argument('<key>', 'its name, such as GITHUB_TOKEN')
      .addOption(new Option('--category <category>', 'what it is for').choices(secretCategories))
      .option('--name <name>', 'what people call it')
      .option('--note <note>', 'a remark, shown to every member')
      .option('--file <path>', 'read the value from this file')
      .option('--keep-newline', 'a newline at the end belongs to the value')
      .option('--wait', 'wait until the runner has taken it')
      .option('--timeout <seconds>', 'how long to wait at most, 60 by default')
      .usage('[options] <key>')
      .allowUnknownOption()
      .allowExcessArguments()
      .action(async (_key: string, _options: unknown, self: Command) => {
        const { setSecret } = await import('./secrets.ts');
        await setSecret(console, how, self.args, writeOptions.parse(self.opts()), isReadonly());
      });
  }

  at('note', 'write a remark on a secret')
    .argument('<key>', 'its name')
    .argument('[note]', 'the remark; an empty one takes it away')
    .allowExcessArguments()
    .action(async (_key: string, _note: string, _options: unknown, self: Command) => {
      const { noteOnSecret } = await import('./secrets.ts');
      await noteOnSecret(console, self.args, where.parse(self.opts()), isReadonly());
    });

  at('delete', 'delete a secret, from every file too')
    .argument('<key>', 'its name')
    .option('--yes', 'do not ask whether it is meant')
    .allowExcessArguments()
    .action(async (_key: string, _options: unknown, self: Command) => {
      const { removeSecret } = await import('./secrets.ts');
      await removeSecret(console, self.args, deleteOptions.parse(self.opts()), isReadonly());
    });

  secrets
    .command('rekey')
    .description('encrypt every secret anew, from the key before to the one of now; on the host of HQ alone')
    .option('--dry-run', 'count, and change nothing')
    .option('--batch <count>', 'so many rows at a time, 200 by default')
    .option('--old-key-file <path>', 'an environment file with the key before')
    .option('--new-key-file <path>', 'an environment file with the key of now')
    .option('--yes', 'do not ask whether it is meant')
    .option('--json', 'one JSON document')
    .action(async (_options: unknown, self: Command) => {
      const { rekeySecrets } = await import('./rekey.ts');
      await rekeySecrets(console, rekeyOptions.parse(self.opts()), isReadonly());
    });
}

import { type ActionName, catalogue } from '@hq/shared/actions';
import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readNeeds } from '@hq/shared/queries';
import type { NeedRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import type { Command } from 'commander';
import { onlyOne, readIdStart } from '../arguments/id-start.ts';
import { flag, parseToWrite, writeOptions } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { printCommand } from '../output/command-result.ts';
import { confirmAction } from '../prompts/confirm.ts';

export const addAnswer: AddCommand = (parent, console) => {
  parent
    .command('answer')
    .argument('<question>', 'id of a question, or its start')
    .argument('<answer...>', 'one of its choices or the number of one, or another text')
    .description('answer a question of an agent')
    .option('--yes', 'do not ask before a host is allowed')
    .option('--json', 'the command as a JSON document')
    .action(async (id: string, words: readonly string[], _options: unknown, self: Command) => {
      const { json, yes } = parseToWrite(writeOptions.extend({ yes: flag }), self);
      const { client } = await connectMember(console.env);
      const need = await findQuestion(client, id);
      const answer = words.join(' ');
      const question = need?.id ?? id;
      const action: ActionName = need !== null && allowsHost(need, answer) ? 'allow_host' : 'answer_question';
      if (!yes) await confirmAction(console, catalogue[action], action, need?.agent ?? 'the agent');
      const payload = action === 'allow_host' ? { question } : { question, answer };
      const { command } = await client.enqueue({ action, payload, origin: 'cli' });
      await printCommand(console, client, command, json);
    });
};

/** Returns null for a question that is not open: the database says who answered it. */
async function findQuestion(client: HqClient, id: string): Promise<NeedRow | null> {
  const start = readIdStart(id);
  const questions = (await readNeeds(client)).filter(
    (need) => (need.kind === 'question' || need.kind === 'allow_host') && start?.begins(need.id) === true,
  );
  if (questions.length === 0 && !/^[0-9a-f][0-9a-f-]{7,35}$/i.test(id)) {
    throw new HqError('usage', `No open question has an id that begins with ${plain(id)}.`, {
      field: 'question',
      hint: '`hq-tui needs` lists them.',
    });
  }
  return questions.length === 0 ? null : onlyOne(questions, id, 'question', ({ title }) => plain(title));
}

function allowsHost({ kind, choices }: NeedRow, answer: string): boolean {
  const chosen = choices[Number(answer) - 1] ?? answer.toLowerCase();
  return kind === 'allow_host' && chosen === 'allow';
}

import { type Role, roles } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import { Argument, Command } from 'commander';
import { checkAdoption } from './adopt-check.ts';
import { setMember } from './member.ts';
import { migrate, migrationState } from './migrate.ts';
import { unadopt } from './unadopt.ts';
import { verify } from './verify.ts';

interface DatabaseOption {
  readonly databaseUrl?: string;
}

function databaseUrl({ databaseUrl = process.env.DATABASE_URL }: DatabaseOption): string {
  if (databaseUrl) return databaseUrl;
  throw new HqError('usage', 'Missing --database-url', { hint: 'Give --database-url or set DATABASE_URL.' });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

// A reader such as `head` may have seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const program = new Command('hq-db')
  .description('Brings a Postgres database to this release of HQ, and says how it stands.')
  .showHelpAfterError();

const withDatabase = (name: string) =>
  program
    .command(name)
    .option('--database-url <url>', 'any Postgres; DATABASE_URL keeps the password out of the process list');

withDatabase('adopt')
  .description('say what hq-db migrate would change in the database of an older HQ, and for whom')
  .argument('[url]', 'instead of --database-url')
  .requiredOption('--check', 'change nothing: it reads in a transaction that can write nothing')
  .action(async (url: string | undefined, options: DatabaseOption) => {
    const { changes, obstacles } = await checkAdoption(url ?? databaseUrl(options));
    say('hq-db migrate changes this:');
    for (const change of changes) say(`- ${change}`);
    for (const obstacle of obstacles) say(`in the way: ${obstacle}`);
    say('Nothing was changed: this was read in a transaction that can write nothing.');
    if (obstacles.length > 0) {
      throw new HqError('conflict', 'hq-db migrate would not succeed now', {
        hint: 'Remove what is in the way, then check again.',
      });
    }
  });

withDatabase('unadopt')
  .description('take HQ out of a database again, and leave what was there before as it was')
  .option('--lose <tables>', 'tables whose rows may go, separated by commas', (names) =>
    names.split(',').map((name) => name.trim()),
  )
  .action(async (options: DatabaseOption & { lose?: string[] }) => {
    const { lose = [] } = options;
    const differing = await unadopt(databaseUrl(options), { lose });
    say('HQ is out of this database.');
    if (differing.length > 0) say(`Not as before: ${differing.join(', ')}. Words of enums stay.`);
  });

withDatabase('migrate')
  .description('apply what is missing, and put functions, triggers and rights as this release has them')
  .option('--dry-run', 'say what would be applied and change nothing')
  .action(async (options: DatabaseOption & { dryRun?: boolean }) => {
    const dryRun = options.dryRun === true;
    const names = await migrate(databaseUrl(options), {
      dryRun,
      onStep: (step) => say(dryRun ? `would apply ${step}` : `applying ${step}`),
      onNote: say,
    });
    say(names.length === 0 ? 'up to date' : `${dryRun ? 'pending' : 'applied'}: ${names.length}`);
  });

withDatabase('status')
  .description('list what has been applied and what is pending')
  .action(async (options: DatabaseOption) => {
    const state = await migrationState(databaseUrl(options));
    for (const { name, applied_at } of state.applied) say(`${name}  ${applied_at.toISOString()}`);
    for (const name of state.pending) say(`${name}  pending`);
    for (const name of state.outdated) say(`${name}  changed since it was applied`);
    for (const name of state.changed) say(`${name}  edited after it was applied`);
    for (const name of state.unknown) say(`${name}  not of this release`);
  });

withDatabase('verify')
  .description('say everything that is not as this release wants it, and fail when there is something')
  .action(async (options: DatabaseOption) => {
    const faults = await verify(databaseUrl(options));
    for (const fault of faults) say(fault);
    if (faults.length > 0) {
      throw new HqError('conflict', `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'} found`, {
        hint: 'hq-db migrate applies what is missing, and puts functions, triggers, policies and grants back.',
      });
    }
    say('as it should be');
  });

withDatabase('member')
  .description('make an account a member of a tenant, change the role, or take the member out')
  .argument('<email>', 'the address that the account signs in with')
  .addArgument(new Argument('<role>', 'what they may do').choices([...roles, 'none']))
  .option('--tenant <slug>', 'the tenant', 'default')
  .option('--bot', 'it is the account that hq-bots signs in with, and may bring what people say in chats')
  .option('--no-bot', 'it no longer is')
  .action(
    async (
      email: string,
      role: Role | 'none',
      options: DatabaseOption & { tenant: string; bot?: boolean },
    ) => {
      await setMember(databaseUrl(options), {
        email,
        role: role === 'none' ? null : role,
        tenant: options.tenant,
        ...(options.bot !== undefined && { isBot: options.bot }),
      });
      const what = options.bot === true ? `${role} and chat bot` : role;
      say(role === 'none' ? `${email} is no member any more` : `${email} is ${what} of ${options.tenant}`);
    },
  );

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof HqError)) throw error;
  process.stderr.write(`hq-db: ${error.message}\n${error.hint === undefined ? '' : `${error.hint}\n`}`);
  process.exitCode = error.code === 'usage' ? 2 : 1;
}

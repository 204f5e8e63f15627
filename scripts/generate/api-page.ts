import type pg from 'pg';
import { schemaOf } from '../../db/src/schema-files.ts';

interface ApiFunction {
  readonly name: string;
  readonly arguments: string;
  readonly returns: string;
  readonly callers: readonly string[];
  readonly description: string | null;
}

interface ApiTable {
  readonly name: string;
  readonly description: string | null;
}

const functionsSql = `
  select p.proname as name, pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as returns,
    array(select r from unnest(array['anon', 'authenticated', 'service_role']) r where has_function_privilege(r, p.oid, 'execute')) as callers,
    obj_description(p.oid, 'pg_proc') as description
  from pg_proc p where p.pronamespace = 'public'::regnamespace order by p.proname`;

const tablesSql = `
  select c.relname as name, obj_description(c.oid, 'pg_class') as description
  from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by c.relname`;

const titles: Readonly<Record<string, string>> = {
  tenancy: 'Tenants and members',
  fleet: 'Gateways and agents',
  commands: 'Commands',
  queue: 'Runner',
  audit: 'Audit log',
  alerts: 'Alerts',
  work: 'Tasks and inbox',
  usage: 'Usage and budgets',
  secrets: 'Secrets',
  chat: 'Chat: accounts and channels',
  chat_commands: 'Chat: commands',
  chat_queries: 'Chat: queries',
  chat_alerts: 'Chat: alerts and adapters',
  agents: 'Agents on a gateway',
  pairing: 'Pairing of chats',
  agent_api: 'Calls of agents',
  legacy: 'Daemons of an older HQ',
};

/** The narrowest description of who may call it; the function itself decides the rest. */
function callersOf({ callers }: ApiFunction): string {
  if (callers.includes('anon')) return 'everybody';
  return callers.includes('authenticated')
    ? 'accounts that are signed in, and the service role'
    : 'the service role';
}

const isLong = (text: string) => text.length > 100;

function entry(found: ApiFunction): string {
  const list = isLong(`${found.name}(${found.arguments}) → ${found.returns}`)
    ? `\n  ${found.arguments.replaceAll(/, (?=p_)/g, ',\n  ')}\n`
    : found.arguments;
  return [
    `### \`${found.name}\``,
    '',
    '```sql',
    `${found.name}(${list}) → ${found.returns}`,
    '```',
    '',
    `For ${callersOf(found)}.`,
    '',
    found.description ?? '',
    '',
  ].join('\n');
}

/** docs/api.md: the tables and functions of `public`, from their comments. Throws where one has none. */
export async function apiPage(client: pg.Client): Promise<string> {
  const functions = (await client.query<ApiFunction>(functionsSql)).rows;
  const tables = (await client.query<ApiTable>(tablesSql)).rows;
  const mute = [...functions, ...tables].find(({ description }) => description === null);
  if (mute !== undefined) throw new Error(`${mute.name} of public has no comment: add one in db/schema`);
  const homes = await schemaOf([...functions, ...tables].map(({ name }) => name));
  const homeless = [...functions, ...tables].find(({ name }) => !homes.has(name));
  if (homeless !== undefined) throw new Error(`no file of db/schema defines ${homeless.name}`);
  const sections = Object.entries(titles).map(([concept, title]) => {
    const own = tables.filter(({ name }) => homes.get(name) === concept);
    const rows = own.map(
      ({ name, description }) => `| \`${name}\` | ${description?.replaceAll('|', '\\|')} |`,
    );
    return [
      `## ${title}`,
      '',
      ...(rows.length === 0 ? [] : ['| table | content |', '| --- | --- |', ...rows, '']),
      ...functions.filter(({ name }) => homes.get(name) === concept).map(entry),
    ].join('\n');
  });
  return [
    '# API',
    '',
    'Made from the comments in `db/schema` by `npm run generate`. Columns and types are in `shared/src/database.generated.ts`, rights row by row in',
    '`db/rls.matrix.ts`.',
    '',
    'A client calls functions through PostgREST, `POST /rest/v1/rpc/NAME`, and reads tables under row-level security. A function that may refuse returns',
    '`{"refused": {"code", "message", "hint", "field"}}`; code is `unauthenticated`, `refused`, `not_found`, `conflict` or `usage`. An insert into a table',
    'raises instead, with SQLSTATE 28000, 42501, P0002, 23505 or 22023 in the same order. `p_origin` is the client: `tui`, `cli`, a chat platform or `api`.',
    '',
    'A bot passes each delivery as `p_chat`: `{platform, install, user, channel, thread, kind: direct | group, delivery, stranger}`. `delivery` is the',
    "platform's id; a repeated one gets the same answer and has no further effect. `stranger` (`bot`, `anonymous` or `outsider`) marks an author who cannot be",
    'linked.',
    '',
    ...sections,
  ].join('\n');
}

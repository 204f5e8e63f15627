import type pg from 'pg';
import { readQualifiedObjects } from './before-hq.ts';
import type { SchemaObject } from './schema-text.ts';

const roles = 'public, anon, authenticated, service_role';
const linesOf = (text = '') => text.split('\n').map((line) => line.replace(/,$/, ''));
const constraintOf = (line: string) => /^ {2}constraint ("(?:[^"]|"")+"|\S+) /.exec(line)?.[1];

/** Statements that bring a table or a view back: constraints, row level security, identity, rights and comments. */
function tableStatements(name: string, before: string, now: string): string[] {
  const [was, is] = [linesOf(before), linesOf(now)];
  const gone = was.filter((line) => !is.includes(line));
  const added = is.filter((line) => !was.includes(line));
  const statement = /^(grant |comment on |alter (table|view) )/;
  return [
    ...[...gone, ...added].flatMap((line) => {
      const constraint = constraintOf(line);
      const isOwn = constraint?.startsWith('hq_') || gone.some((other) => constraintOf(other) === constraint);
      return constraint && isOwn ? [`alter table ${name} drop constraint if exists ${constraint}`] : [];
    }),
    ...gone.filter(constraintOf).map((line) => `alter table ${name} add ${line}`),
    ...added.flatMap((line) => {
      if (/ enable row level security;$/.test(line)) return [line.replace('enable', 'disable')];
      if (/ replica identity /.test(line)) return [`alter table ${name} replica identity default`];
      const option = /^alter view .+ set \((\w+)=/.exec(line)?.[1];
      if (option) return [`alter view ${name} reset (${option})`];
      const comment = /^comment on (?:table|column) .+? is (?=')/.exec(line)?.[0];
      return comment ? [`${comment} null`] : [];
    }),
    ...([...gone, ...added].some((line) => line.startsWith('grant '))
      ? [`revoke all on ${name} from ${roles}`, ...was.filter((line) => line.startsWith('grant '))]
      : []),
    ...gone.filter((line) => statement.test(line) && !line.startsWith('grant ')),
  ];
}

/** The definition alone, without the rights of its owner, which HQ takes from functions that ask nobody. */
const definitionOf = (text: string) =>
  text.replace(/;\n(?:grant|comment on) [\s\S]*$/, '').replace(/\n? SECURITY DEFINER/, '');

function functionStatements(name: string, before: string, now: string, isReplaced: boolean): string[] {
  const isTheirs = !isReplaced && now !== '' && definitionOf(now) !== definitionOf(before);
  return [
    ...(now === ''
      ? []
      : [`revoke all on routine ${name} from ${roles}`, `comment on routine ${name} is null`]),
    // One that was changed since by its owner stays as it is.
    isTheirs
      ? linesOf(before)
          .filter((line) => /^(grant execute|comment) on (function|routine) /.test(line))
          .join('\n')
      : before,
  ];
}

/**
 * Brings objects back to their recorded texts, after everything that HQ added to them is gone. `replaced` names functions that HQ put
 * in the place of others. Returns the names of objects that differ still, because somebody has changed them since.
 */
export async function restore(
  client: pg.Client,
  before: readonly SchemaObject[],
  replaced: ReadonlySet<string>,
): Promise<string[]> {
  const read = async () =>
    new Map(
      (await readQualifiedObjects(client)).map(({ section, name, text }) => [`${section} ${name}`, text]),
    );
  const now = await read();
  for (const { section, name, text } of before) {
    const present = now.get(`${section} ${name}`) ?? '';
    if (present === text) continue;
    if (section === 'Realtime publication') await client.query(text);
    if (section === 'Functions') {
      for (const sql of functionStatements(name, text, present, replaced.has(name))) await client.query(sql);
    }
    if (section === 'Tables' && present !== '') {
      for (const sql of tableStatements(name, text, present)) await client.query(sql);
    }
  }
  const restored = await read();
  return before
    .filter(({ section, name, text }) => restored.get(`${section} ${name}`) !== text)
    .map(({ name }) => name);
}

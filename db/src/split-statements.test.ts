import { expect, test } from 'vitest';
import { readSchemaFiles } from './schema-files.ts';
import { splitStatements } from './split-statements.ts';

test('a semicolon in a text, a comment, a name or a dollar-quoted body ends nothing', () => {
  const sql = `-- first; comment
select 'a;''b';

create function f() returns text as $fn$ select $x$;$x$; $fn$;
select ";" from t;
`;
  expect(splitStatements(sql)).toEqual([
    { sql: `select 'a;''b';`, line: 2 },
    { sql: `create function f() returns text as $fn$ select $x$;$x$; $fn$;`, line: 4 },
    { sql: `select ";" from t;`, line: 5 },
  ]);
});

test('every file of the schema is split without a remainder', async () => {
  const { tables, functions, rights, migrations } = await readSchemaFiles();
  for (const { name, sql } of [...tables, ...functions, ...rights, ...migrations]) {
    const parts = splitStatements(sql);
    const text = (from: string) => from.replace(/^--.*$/gm, '').replace(/\s+/g, '');
    expect(text(parts.map((part) => part.sql).join('')), name).toBe(text(sql));
  }
});

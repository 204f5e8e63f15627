import { denied, type RestCase, type RestCases } from './rest-case.ts';

/** How PostgREST answers an exception of the database, by its code. */
const statusOfCode: readonly (readonly [code: string, status: number])[] = [
  ['P0001', 400],
  ['P0002', 500],
  ['28000', 403],
  ['42501', 403],
  ['22023', 400],
  ['22P02', 400],
  ['23502', 400],
  ['23503', 409],
  ['23505', 409],
  ['23514', 400],
  ['25006', 405],
  ['40001', 500],
  ['40P01', 500],
  ['42883', 404],
  ['42P01', 404],
  ['42703', 400],
  ['54000', 500],
  ['55P03', 500],
  ['57014', 500],
  ['58000', 500],
  ['0A000', 400],
  ['0P000', 403],
  ['21000', 500],
  ['2D000', 500],
  ['38000', 500],
  ['F0000', 500],
  ['XX000', 500],
  ['HQ001', 400],
  ['PT409', 409],
];

export const errors: RestCases = {
  source: 'https://docs.postgrest.org/en/v14/references/errors.html',
  cases: [
    ...statusOfCode.map(
      ([code, status]): RestCase => ({
        name: `an exception ${code} is ${status}, with code, details and hint`,
        send: (client) => client.rpc('fail', { p_code: code, p_hint: 'do this' }),
        answer: { status, error: { code, message: 'refused', details: 'why', hint: 'do this' } },
      }),
    ),
    {
      name: 'an exception without a hint has null',
      send: (client) => client.rpc('fail', { p_code: '22023' }),
      answer: { status: 400, error: { code: '22023', message: 'refused', details: 'why', hint: null } },
    },
    {
      name: 'a right that the anonymous lack is 401',
      as: 'anon',
      send: (client) => client.from('sites').select(),
      answer: { status: 401, error: denied('table sites'), headers: { 'www-authenticate': 'Bearer' } },
    },
    {
      name: 'a right that a member lacks is 403',
      send: (client) => client.from('closed').select(),
      answer: { status: 403, error: denied('table closed') },
    },
    {
      name: 'a row that a policy refuses is 403',
      send: (client) => client.from('mine').insert({ id: 3, owner: 'you' }),
      answer: {
        status: 403,
        error: {
          code: '42501',
          message: 'new row violates row-level security policy for table "mine"',
          details: null,
          hint: null,
        },
      },
    },
    {
      name: 'an unknown table is 404',
      send: (client) => client.from('workerz').select(),
      answer: {
        status: 404,
        error: {
          code: 'PGRST205',
          message: "Could not find the table 'public.workerz' in the schema cache",
          details: null,
          hint: "Perhaps you meant the table 'public.workers'",
        },
      },
    },
    {
      name: 'an unknown function is 404',
      send: (client) => client.rpc('xyzzyxyzzy', { p_a: 1 }),
      answer: {
        status: 404,
        error: {
          code: 'PGRST202',
          message: 'Could not find the function public.xyzzyxyzzy(p_a) in the schema cache',
          details:
            'Searched for the function public.xyzzyxyzzy with parameter p_a or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache.',
          hint: null,
        },
      },
    },
    {
      name: 'an unknown column is 400',
      send: (client) => client.from('jobs').select('id,zzzzzzzzzz'),
      answer: {
        status: 400,
        error: { code: '42703', message: 'column jobs.zzzzzzzzzz does not exist', details: null, hint: null },
      },
    },
    {
      name: 'an unknown column of a new row is 400',
      send: (client) => client.from('sites').insert({ id: 3, slug: 's', nope: 1 }),
      answer: {
        status: 400,
        error: {
          code: 'PGRST204',
          message: "Could not find the 'nope' column of 'sites' in the schema cache",
          details: null,
          hint: null,
        },
      },
    },
    {
      name: 'a value that does not parse is 400',
      send: (client) => client.from('jobs').select('id').eq('id', 'x'),
      answer: {
        status: 400,
        error: {
          code: '22P02',
          message: 'invalid input syntax for type integer: "x"',
          details: null,
          hint: null,
        },
      },
    },
    {
      name: 'a key that exists is 409, with the key, for whom no policy hides one',
      as: 'service',
      send: (client) => client.from('sites').insert({ id: 1, slug: 'x' }),
      answer: {
        status: 409,
        error: {
          code: '23505',
          message: 'duplicate key value violates unique constraint "sites_pkey"',
          details: 'Key (id)=(1) already exists.',
          hint: null,
        },
      },
    },
    {
      name: 'a reference to nothing is 409, with the key, for whom no policy hides one',
      as: 'service',
      send: (client) => client.from('jobs').insert({ title: 'x', worker_id: 9 }),
      answer: {
        status: 409,
        error: {
          code: '23503',
          message: 'insert or update on table "jobs" violates foreign key constraint "jobs_worker_id_fkey"',
          details: 'Key (worker_id)=(9) is not present in table "workers".',
          hint: null,
        },
      },
    },
    {
      name: 'a check that fails is 400, with the row, for whom no policy hides one',
      as: 'service',
      send: (client) => client.from('jobs').update({ state: 'nope' }).eq('id', 2),
      answer: {
        status: 400,
        error: {
          code: '23514',
          message: 'new row for relation "jobs" violates check constraint "jobs_state_check"',
          details: 'Failing row contains (2, second, none, nope, null, null, null, null).',
          hint: null,
        },
      },
    },
    {
      name: 'a missing value is 400, with the row, for whom no policy hides one',
      as: 'service',
      send: (client) => client.from('sites').insert({ id: 3 }),
      answer: {
        status: 400,
        error: {
          code: '23502',
          message: 'null value in column "slug" of relation "sites" violates not-null constraint',
          details: 'Failing row contains (3, null).',
          hint: null,
        },
      },
    },
    {
      name: 'a function decides the whole answer with the code PGRST',
      send: (client) => client.rpc('respond'),
      answer: {
        status: 418,
        error: { code: '123', message: 'own words', details: 'd', hint: 'h' },
        headers: { 'x-why': 'tea' },
      },
    },
    {
      name: 'a schema that is not exposed is 406',
      send: (client) => client.schema('hq').from('actions').select(),
      answer: {
        status: 406,
        error: {
          code: 'PGRST106',
          message: 'Invalid schema: hq',
        },
      },
    },
    {
      name: 'a filter without an operator is 400',
      send: (client) => client.from('jobs').select('id').filter('id', 'nope', 1),
      answer: { status: 400, error: { code: 'PGRST100' } },
    },
  ],
};

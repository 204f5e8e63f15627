import type { SupabaseClient } from '@supabase/supabase-js';

/** The result of a request in supabase-js, with the headers of the HTTP response. */
interface RestAnswer {
  readonly status: number;
  readonly data?: unknown;
  readonly count?: number | null;
  /** The error's body, as PostgREST sends it. */
  readonly error?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface RestCase {
  readonly name: string;
  /** `member` is signed in; the default. */
  readonly as?: 'member' | 'anon' | 'service';
  readonly send: (client: SupabaseClient) => PromiseLike<Omit<RestAnswer, 'headers'>>;
  readonly answer: RestAnswer;
}

interface RestCases {
  /** The page of documentation that the answers come from. */
  readonly source: string;
  readonly cases: readonly RestCase[];
}

const denied = (what: string) => ({
  code: '42501',
  message: `permission denied for ${what}`,
  details: null,
  hint: null,
});

const singular = (rows: number) => ({
  code: 'PGRST116',
  message: 'Cannot coerce the result to a single JSON object',
  details: `The result contains ${rows} rows`,
  hint: null,
});

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

const errors: RestCases = {
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

const reads: RestCases = {
  source: 'https://docs.postgrest.org/en/v14/references/api/tables_views.html',
  cases: [
    {
      name: 'values print as JSON prints them',
      send: (client) => client.from('workers').select('tags,meta,cost,seen_at,big,due').order('id'),
      answer: {
        status: 200,
        data: [
          {
            tags: ['a', 'b'],
            meta: { emoji: 'x', n: null },
            cost: 1.5,
            seen_at: '2026-01-02T03:04:05.6+00:00',
            big: Number('9007199254740993'),
            due: '2026-02-03',
          },
          { tags: null, meta: null, cost: 0.1, seen_at: null, big: 5, due: null },
        ],
      },
    },
    {
      name: 'filters: null, not null, one of, from, text in one of two columns',
      send: (client) =>
        client
          .from('jobs')
          .select('id')
          .is('archived_at', null)
          .not('worker_id', 'is', null)
          .in('id', [1, 2, 3, 4])
          .gte('id', 1)
          .or('title.ilike.%r%,note.ilike.%zzz%')
          .order('id'),
      answer: { status: 200, data: [{ id: 1 }, { id: 3 }, { id: 4 }] },
    },
    {
      name: 'a page after a row, by two columns',
      send: (client) =>
        client
          .from('jobs')
          .select('id')
          .or('worker_id.gt."1",and(worker_id.eq."1",id.gt.4)')
          .order('worker_id')
          .order('id')
          .limit(5),
      answer: { status: 200, data: [{ id: 5 }, { id: 3 }] },
    },
    {
      name: 'order puts null last, and first when descending',
      send: (client) => client.from('jobs').select('id').order('worker_id', { ascending: false }).order('id'),
      answer: { status: 200, data: [{ id: 2 }, { id: 3 }, { id: 1 }, { id: 4 }, { id: 5 }] },
    },
    {
      name: 'no match is an empty list',
      send: (client) => client.from('jobs').select('id').eq('id', 99),
      answer: { status: 200, data: [], headers: { 'content-range': '*/*' } },
    },
    {
      name: 'part of a JSON column',
      send: (client) => client.from('workers').select('name,emoji:meta->>emoji').eq('meta->>emoji', 'x'),
      answer: { status: 200, data: [{ name: 'Ann', emoji: 'x' }] },
    },
    {
      name: 'a list that contains, and one that overlaps',
      send: (client) =>
        client.from('workers').select('id').contains('tags', ['a']).overlaps('tags', ['b', 'c']),
      answer: { status: 200, data: [{ id: 1 }] },
    },
    {
      name: 'words of a text',
      send: (client) => client.from('jobs').select('id').textSearch('title', 'second', { type: 'plain' }),
      answer: { status: 200, data: [{ id: 2 }] },
    },
    {
      name: 'one row where there is none, with single()',
      send: (client) => client.from('jobs').select('id').eq('id', 99).single(),
      answer: { status: 406, error: singular(0) },
    },
    {
      name: 'one row where there are five, with single()',
      send: (client) => client.from('jobs').select('id').single(),
      answer: { status: 406, error: singular(5) },
    },
    {
      name: 'one row where there is none, with maybeSingle()',
      send: (client) => client.from('limits').select('*').eq('worker_id', 9).maybeSingle(),
      answer: { status: 200, data: null },
    },
    {
      name: 'rows that a policy hides are missing',
      send: (client) => client.from('mine').select(),
      answer: { status: 200, data: [{ id: 1, owner: 'me' }] },
    },
    {
      name: 'a text of commas and columns',
      send: (client) => client.from('sites').select().order('id').csv(),
      answer: {
        status: 200,
        data: 'id,slug\n1,north\n2,south\n4,west',
        headers: { 'content-type': 'text/csv; charset=utf-8' },
      },
    },
  ],
};

const pages: RestCases = {
  source: 'https://docs.postgrest.org/en/v14/references/api/pagination_count.html',
  cases: [
    {
      name: 'a range without a count is 200',
      send: (client) => client.from('jobs').select('id').order('id').range(1, 2),
      answer: {
        status: 200,
        data: [{ id: 2 }, { id: 3 }],
        count: null,
        headers: { 'content-range': '1-2/*' },
      },
    },
    {
      name: 'a range with a count is 206',
      send: (client) => client.from('jobs').select('id', { count: 'exact' }).order('id').range(1, 2),
      answer: {
        status: 206,
        data: [{ id: 2 }, { id: 3 }],
        count: 5,
        headers: { 'content-range': '1-2/5' },
      },
    },
    {
      name: 'everything with a count is 200',
      send: (client) => client.from('jobs').select('id', { count: 'exact' }).gt('id', 3),
      answer: { status: 200, count: 2, headers: { 'content-range': '0-1/2' } },
    },
    {
      name: 'a count alone has no rows',
      send: (client) =>
        client.from('jobs').select('*', { count: 'exact', head: true }).is('archived_at', null),
      answer: { status: 200, data: null, count: 5, headers: { 'content-range': '0-4/5' } },
    },
    {
      name: 'a count of nothing',
      send: (client) => client.from('jobs').select('*', { count: 'exact', head: true }).eq('id', 99),
      answer: { status: 200, count: 0, headers: { 'content-range': '*/0' } },
    },
    {
      name: 'a range past the end is 416 with a count',
      send: (client) => client.from('jobs').select('id', { count: 'exact' }).range(10, 19),
      answer: {
        status: 416,
        error: {
          code: 'PGRST103',
          message: 'Requested range not satisfiable',
          details: 'An offset of 10 was requested, but there are only 5 rows.',
          hint: null,
        },
      },
    },
    {
      name: 'a range past the end is an empty list without a count',
      send: (client) => client.from('jobs').select('id').range(10, 19),
      answer: { status: 200, data: [] },
    },
  ],
};

const embeds: RestCases = {
  source: 'https://docs.postgrest.org/en/v14/references/api/resource_embedding.html',
  cases: [
    {
      name: 'rows with those they refer to, by the name of a constraint, and null where there is none',
      send: (client) =>
        client
          .from('jobs')
          .select('id, worker:workers!jobs_worker_id_fkey(id, name), parent:parent_id(title)')
          .is('archived_at', null)
          .order('id')
          .limit(3),
      answer: {
        status: 200,
        data: [
          { id: 1, worker: { id: 1, name: 'Ann' }, parent: null },
          { id: 2, worker: null, parent: null },
          { id: 3, worker: { id: 2, name: 'Bob' }, parent: { title: 'first' } },
        ],
      },
    },
    {
      name: 'rows through a junction, and an empty list where there are none',
      send: (client) => client.from('jobs').select('id, labels(name)').in('id', [1, 3]).order('id'),
      answer: {
        status: 200,
        data: [
          { id: 1, labels: [{ name: 'red' }, { name: 'blue' }] },
          { id: 3, labels: [] },
        ],
      },
    },
    {
      name: 'a row of a junction with what it refers to',
      send: (client) =>
        client
          .from('job_labels')
          .select('job_id, labels(*)')
          .in('job_id', [1, 2])
          .order('job_id')
          .order('label_id'),
      answer: {
        status: 200,
        data: [
          { job_id: 1, labels: { id: 1, name: 'red' } },
          { job_id: 1, labels: { id: 2, name: 'blue' } },
          { job_id: 2, labels: { id: 2, name: 'blue' } },
        ],
      },
    },
    {
      name: 'a table that refers to both is no junction when its key does not contain the references',
      send: (client) => client.from('workers').select('id, site:sites(slug)').order('id'),
      answer: {
        status: 200,
        data: [
          { id: 1, site: { slug: 'north' } },
          { id: 2, site: { slug: 'north' } },
        ],
      },
    },
    {
      name: 'rows that refer to the same table, from the other side',
      send: (client) =>
        client.from('jobs').select('id, parts:jobs!parent_id(title)').lte('id', 2).order('id'),
      answer: {
        status: 200,
        data: [
          { id: 1, parts: [{ title: 'third' }, { title: 'fourth' }] },
          { id: 2, parts: [] },
        ],
      },
    },
    {
      name: 'two references without a hint are 300',
      send: (client) => client.from('jobs').select('id, workers(name)'),
      answer: { status: 300, error: { code: 'PGRST201' } },
    },
    {
      name: 'tables that are not related are 400',
      send: (client) => client.from('sites').select('id, labels(name)'),
      answer: {
        status: 400,
        error: {
          code: 'PGRST200',
          message: "Could not find a relationship between 'sites' and 'labels' in the schema cache",
          details:
            "Searched for a foreign key relationship between 'sites' and 'labels' in the schema 'public', but no matches were found.",
        },
      },
    },
    {
      name: 'an inner embed leaves rows out, and filters by the embedded',
      send: (client) =>
        client
          .from('jobs')
          .select('id, worker:workers!jobs_worker_id_fkey!inner(name)')
          .eq('worker.name', 'Bob'),
      answer: { status: 200, data: [{ id: 3, worker: { name: 'Bob' } }] },
    },
    {
      name: 'a filter on an outer embed keeps the row',
      send: (client) =>
        client
          .from('jobs')
          .select('id, worker:workers!jobs_worker_id_fkey(name)')
          .eq('worker.name', 'Bob')
          .lte('id', 1),
      answer: { status: 200, data: [{ id: 1, worker: null }] },
    },
    {
      name: 'a count of the embedded',
      send: (client) => client.from('workers').select('id, jobs!jobs_worker_id_fkey(count)').order('id'),
      answer: {
        status: 200,
        data: [
          { id: 1, jobs: [{ count: 3 }] },
          { id: 2, jobs: [{ count: 1 }] },
        ],
      },
    },
  ],
};

const writes: RestCases = {
  source: 'https://docs.postgrest.org/en/v14/references/api/tables_views.html#insert',
  cases: [
    {
      name: 'a new row is 201 without a body',
      send: (client) => client.from('labels').insert({ id: 3, name: 'x' }),
      answer: { status: 201, data: null, headers: { 'content-range': '*/*' } },
    },
    {
      name: 'a new row that is read back is 201, with defaults',
      send: (client) => client.from('jobs').insert({ title: 'x', worker_id: null }).select().single(),
      answer: {
        status: 201,
        data: {
          id: 6,
          title: 'x',
          note: 'none',
          state: 'todo',
          worker_id: null,
          reviewer_id: null,
          parent_id: null,
          archived_at: null,
        },
      },
    },
    {
      name: 'rows with different keys have null for what is missing',
      send: (client) =>
        client
          .from('jobs')
          .insert([{ title: 'x' }, { title: 'y', note: 'mine' }])
          .select('title,note,state'),
      answer: {
        status: 201,
        data: [
          { title: 'x', note: null, state: 'todo' },
          { title: 'y', note: 'mine', state: 'todo' },
        ],
      },
    },
    {
      name: 'rows with different keys have the default when the client asks for it',
      send: (client) =>
        client
          .from('jobs')
          .insert([{ title: 'x' }, { title: 'y', note: 'mine' }], { defaultToNull: false })
          .select('title,note'),
      answer: {
        status: 201,
        data: [
          { title: 'x', note: 'none' },
          { title: 'y', note: 'mine' },
        ],
      },
    },
    {
      name: 'no rows are 201',
      send: (client) => client.from('labels').insert([]),
      answer: { status: 201, data: null },
    },
    {
      name: 'a number is a text in a column of text, and a text a number in one of numbers',
      send: (client) => client.from('labels').insert({ id: '3', name: 7 }).select().single(),
      answer: { status: 201, data: { id: 3, name: '7' } },
    },
    {
      name: 'a list is JSON in a column of text',
      send: (client) =>
        client
          .from('labels')
          .insert({ id: 3, name: ['a'] })
          .select()
          .single(),
      answer: { status: 201, data: { id: 3, name: '["a"]' } },
    },
    {
      name: 'lists, objects and null in JSON columns stay as they are',
      send: (client) =>
        client
          .from('workers')
          .insert({ id: 3, name: 'x', tags: ['a b', '"c"', '{}'], meta: { list: [1, null, { a: null }] } })
          .select('tags,meta')
          .single(),
      answer: {
        status: 201,
        data: { tags: ['a b', '"c"', '{}'], meta: { list: [1, null, { a: null }] } },
      },
    },
    {
      name: 'JSON null in a JSON column is null',
      send: (client) => client.from('workers').update({ meta: null }).eq('id', 1).select('meta').single(),
      answer: { status: 200, data: { meta: null } },
    },
    {
      name: 'a change is 204 without a body',
      send: (client) => client.from('jobs').update({ archived_at: null }).eq('id', 1),
      answer: { status: 204, data: null, headers: { 'content-range': '0-0/*' } },
    },
    {
      name: 'a change that is read back is 200',
      send: (client) => client.from('jobs').update({ state: 'done' }).in('id', [1, 2]).select('id,state'),
      answer: {
        status: 200,
        data: [
          { id: 1, state: 'done' },
          { id: 2, state: 'done' },
        ],
      },
    },
    {
      name: 'a change of nothing is 204',
      send: (client) => client.from('jobs').update({ state: 'done' }).eq('id', 99),
      answer: { status: 204, data: null, headers: { 'content-range': '*/*' } },
    },
    {
      name: 'a change of nothing that is read back is an empty list',
      send: (client) => client.from('jobs').update({ state: 'done' }).eq('id', 99).select('id'),
      answer: { status: 200, data: [] },
    },
    {
      name: 'a change of one row that is missing is 406 with single()',
      send: (client) => client.from('jobs').update({ state: 'done' }).eq('id', 99).select('id').single(),
      answer: { status: 406, error: singular(0) },
    },
    {
      name: 'a change without a value does nothing',
      send: (client) => client.from('jobs').update({}).eq('id', 1),
      answer: { status: 204, data: null },
    },
    {
      name: 'a change with a count',
      send: (client) => client.from('jobs').update({ note: 'n' }, { count: 'exact' }).gt('id', 3),
      answer: { status: 204, count: 2 },
    },
    {
      name: 'a row that is deleted is 204',
      send: (client) => client.from('jobs').delete().eq('id', 5),
      answer: { status: 204, data: null },
    },
    {
      name: 'a row that is deleted and read back is 200',
      send: (client) => client.from('jobs').delete().eq('id', 5).select('id'),
      answer: { status: 200, data: [{ id: 5 }] },
    },
    {
      name: 'a column that may not be changed is 403',
      send: (client) => client.from('limits').update({ hard: false }).eq('worker_id', 1),
      answer: { status: 403, error: denied('table limits') },
    },
  ],
};

const upserts: RestCases = {
  source: 'https://docs.postgrest.org/en/v14/references/api/tables_views.html#upsert',
  cases: [
    {
      name: 'a row that is new is 201',
      send: (client) => client.from('sites').upsert({ id: 3, slug: 'east' }).select(),
      answer: { status: 201, data: [{ id: 3, slug: 'east' }] },
    },
    {
      name: 'a row that was there is 200',
      send: (client) => client.from('sites').upsert({ id: 2, slug: 'east' }).select(),
      answer: { status: 200, data: [{ id: 2, slug: 'east' }] },
    },
    {
      name: 'one of two is new: 201',
      send: (client) =>
        client.from('sites').upsert([
          { id: 2, slug: 'east' },
          { id: 3, slug: 'up' },
        ]),
      answer: { status: 201, data: null },
    },
    {
      name: 'the key is set as well, so it takes the right to change it',
      send: (client) =>
        client.from('limits').upsert({ worker_id: 1, monthly: 20 }, { onConflict: 'worker_id' }),
      answer: { status: 403, error: denied('table limits') },
    },
    {
      name: 'the key is set as well for a row that is new',
      send: (client) => client.from('limits').upsert({ worker_id: 2, monthly: 20 }),
      answer: { status: 403, error: denied('table limits') },
    },
    {
      name: 'the key of several columns is set as well',
      send: (client) =>
        client.from('job_labels').upsert({ job_id: 1, label_id: 1 }, { onConflict: 'job_id,label_id' }),
      answer: { status: 200, data: null },
    },
    {
      name: 'another unique column decides, and the primary key is set',
      send: (client) => client.from('sites').upsert({ id: 9, slug: 'west' }, { onConflict: 'slug' }).select(),
      answer: { status: 200, data: [{ id: 9, slug: 'west' }] },
    },
    {
      name: 'columns that only the second row has are set in both',
      send: (client) =>
        client
          .from('jobs')
          .upsert([
            { id: 1, title: 'x' },
            { id: 2, title: 'y', note: 'mine' },
          ])
          .select('id,title,note'),
      answer: {
        status: 200,
        data: [
          { id: 1, title: 'x', note: null },
          { id: 2, title: 'y', note: 'mine' },
        ],
      },
    },
    {
      name: 'duplicates that are ignored are left out',
      send: (client) =>
        client
          .from('sites')
          .upsert(
            [
              { id: 2, slug: 'x' },
              { id: 3, slug: 'y' },
            ],
            { ignoreDuplicates: true },
          )
          .select(),
      answer: { status: 201, data: [{ id: 3, slug: 'y' }] },
    },
    {
      name: 'ignoring duplicates needs no right to change',
      send: (client) =>
        client.from('limits').upsert({ worker_id: 1, monthly: 20 }, { ignoreDuplicates: true }),
      answer: { status: 201, data: null },
    },
    {
      name: 'one row twice is 500',
      send: (client) =>
        client.from('sites').upsert([
          { id: 2, slug: 'x' },
          { id: 2, slug: 'y' },
        ]),
      answer: {
        status: 500,
        error: {
          code: '21000',
          message: 'ON CONFLICT DO UPDATE command cannot affect row a second time',
          details: null,
          hint: 'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.',
        },
      },
    },
    {
      name: 'a column that is not unique is 400',
      send: (client) => client.from('labels').upsert({ id: 1, name: 'x' }, { onConflict: 'name' }),
      answer: {
        status: 400,
        error: {
          code: '42P10',
          message: 'there is no unique or exclusion constraint matching the ON CONFLICT specification',
          details: null,
          hint: null,
        },
      },
    },
  ],
};

const functions: RestCases = {
  source: 'https://docs.postgrest.org/en/v14/references/api/functions.html',
  cases: [
    {
      name: 'a function without a result is 204',
      send: (client) => client.rpc('nothing'),
      answer: { status: 204, data: null },
    },
    {
      name: 'a result that is null',
      send: (client) => client.rpc('no_object'),
      answer: { status: 200, data: null },
    },
    {
      name: 'a scalar',
      send: (client) => client.rpc('number'),
      answer: { status: 200, data: 7 },
    },
    {
      name: 'arguments by name, defaults for the others',
      send: (client) => client.rpc('object', { p_list: ['a', 'b'] }),
      answer: { status: 200, data: { text: 'd', list: ['a', 'b'], json: null } },
    },
    {
      name: 'an argument that is null is null, not the default',
      send: (client) => client.rpc('object', { p_text: null, p_json: { a: [1, null] } }),
      answer: { status: 200, data: { text: null, list: null, json: { a: [1, null] } } },
    },
    {
      name: 'JSON arguments that are lists and texts',
      send: (client) => client.rpc('object', { p_json: ['x', { y: 'z' }] }),
      answer: { status: 200, data: { text: 'd', list: null, json: ['x', { y: 'z' }] } },
    },
    {
      name: 'a row',
      send: (client) => client.rpc('site', { p_id: 1 }),
      answer: { status: 200, data: { id: 1, slug: 'north' } },
    },
    {
      name: 'a row that is not there has null in every column',
      send: (client) => client.rpc('site', { p_id: 9 }),
      answer: { status: 200, data: { id: null, slug: null } },
    },
    {
      name: 'a table',
      send: (client) => client.rpc('pairs'),
      answer: {
        status: 200,
        data: [
          { a: 1, b: 'x' },
          { a: 2, b: 'y' },
        ],
      },
    },
    {
      name: 'rows, filtered, ordered, counted and with those they refer to',
      send: (client) =>
        client
          .rpc('all_jobs', {}, { count: 'exact' })
          .select('id, worker:workers!jobs_worker_id_fkey(name)')
          .eq('worker_id', 1)
          .order('id', { ascending: false })
          .range(0, 0),
      answer: { status: 206, data: [{ id: 5, worker: { name: 'Ann' } }], count: 3 },
    },
    {
      name: 'a function that may write, by GET, is 405',
      send: (client) => client.rpc('write_label', {}, { get: true }),
      answer: {
        status: 405,
        error: {
          code: '25006',
          message: 'cannot execute INSERT in a read-only transaction',
          details: null,
          hint: null,
        },
      },
    },
  ],
};

const supabase: RestCases = {
  source:
    'https://supabase.com/docs/guides/api/securing-your-api, https://supabase.com/docs/reference/javascript/select',
  cases: [
    {
      name: 'a change of every row is refused',
      send: (client) => client.from('jobs').update({ note: 'x' }),
      answer: {
        status: 400,
        error: { code: '21000', message: 'UPDATE requires a WHERE clause', details: null, hint: null },
      },
    },
    {
      name: 'deleting every row is refused',
      send: (client) => client.from('jobs').delete(),
      answer: {
        status: 400,
        error: { code: '21000', message: 'DELETE requires a WHERE clause', details: null, hint: null },
      },
    },
    {
      name: 'an answer has a thousand rows at most',
      send: async (client) => {
        const { data, ...answer } = await client.from('many').select('id', { count: 'exact' }).limit(2000);
        return { ...answer, data: data?.length };
      },
      answer: { status: 206, data: 1000, count: 1001, headers: { 'content-range': '0-999/1001' } },
    },
    {
      name: 'an answer of a function has a thousand rows at most',
      send: async (client) => {
        const { data, ...answer } = await client.rpc('many_numbers');
        return { ...answer, data: data?.length };
      },
      answer: { status: 200, data: 1000 },
    },
  ],
};

/** Requests that HQ's clients and an older HQ make, with PostgREST's answers. The rows are those of `rest-cases-rows.sql`. */
export const restCases: readonly RestCases[] = [
  errors,
  reads,
  pages,
  embeds,
  writes,
  upserts,
  functions,
  supabase,
];

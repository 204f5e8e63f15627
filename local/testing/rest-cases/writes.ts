import { denied, type RestCases, singular } from './rest-case.ts';

export const writes: RestCases = {
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

import type { RestCases } from './rest-case.ts';

export const functions: RestCases = {
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

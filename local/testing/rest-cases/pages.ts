import type { RestCases } from './rest-case.ts';

export const pages: RestCases = {
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

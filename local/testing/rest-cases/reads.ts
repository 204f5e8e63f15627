import { type RestCases, singular } from './rest-case.ts';

export const reads: RestCases = {
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

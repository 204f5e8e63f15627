import type { RestCases } from './rest-case.ts';

export const supabase: RestCases = {
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

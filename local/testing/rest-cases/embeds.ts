import type { RestCases } from './rest-case.ts';

export const embeds: RestCases = {
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

import { denied, type RestCases } from './rest-case.ts';

export const upserts: RestCases = {
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

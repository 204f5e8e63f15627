import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cloneDatabase, nilTenant, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
let gateway: string;
let other: { id: string; gateway: string };
beforeAll(async () => {
  database = await cloneDatabase();
  gateway = await database.addGateway('home');
  other = await database.addTenant('other');
});
afterAll(() => database.drop());

describe('an agent’s slug', () => {
  test.each(['ops', 'dev-ops', 'a1', 'x'.repeat(40)])('may be %s', async (slug) => {
    await database.addAgent(slug, gateway);
  });

  test.each([
    ...['', 'a', 'x'.repeat(41), 'Ops', 'dev--ops', '-ops', 'ops-', 'ö-team', '../etc', 'a b', 'ops\n'],
    ...['default', 'main', 'master', 'new', 'template', 'template-x'],
  ])('may not be %j', async (slug) => {
    await expect(database.addAgent(slug, gateway)).rejects.toMatchObject({ code: '22023', column: 'slug' });
  });

  test('is one agent’s in its tenant, and another tenant’s too', async () => {
    await database.addAgent('scribe', gateway);
    await expect(database.addAgent('scribe', gateway)).rejects.toMatchObject({ code: '23505' });
    await database.addAgent('scribe', other.gateway, other.id);
  });
});

test('an agent is on no gateway and under no agent of another tenant', async () => {
  await expect(database.addAgent('lost', other.gateway, nilTenant)).rejects.toMatchObject({ code: 'P0002' });
  const chief = await database.addAgent('chief', other.gateway, other.id);
  const worker = await database.addAgent('worker', gateway);
  await expect(
    database.query(`update agents set reports_to_id = $1 where id = $2`, [chief, worker]),
  ).rejects.toMatchObject({ code: 'P0002' });
});

import { expect, test } from 'vitest';
import { cloneDatabase } from '../../testing/database.ts';

test('a tenant has one workspace, which its admin names and nobody moves', async () => {
  const database = await cloneDatabase();
  try {
    const admin = await database.addUser({ role: 'admin' });
    const other = await database.addTenant('other');
    await database.as(admin, `insert into workspace (name) values ('Ours')`);
    await expect(database.as(admin, `insert into workspace (name) values ('Second')`)).rejects.toMatchObject({
      code: '23505',
    });
    await expect(
      database.as(admin, `insert into workspace (name, tenant_id) values ('Theirs', $1)`, [other.id]),
    ).rejects.toMatchObject({ code: '42501' });
    await database.as(admin, `update workspace set name = 'HQ', default_agent_budget_usd = 25`);
    expect(
      await database.query(`select name, default_soft_threshold_pct, default_hard_cutoff from workspace`),
    ).toEqual([{ name: 'HQ', default_soft_threshold_pct: 80, default_hard_cutoff: true }]);
  } finally {
    await database.drop();
  }
});

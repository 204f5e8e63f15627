import { expect, test } from 'vitest';
import { cloneDatabase } from '../../testing/database.ts';

test('an admin who adds, promotes and removes a member is in the audit log', async () => {
  const database = await cloneDatabase();
  try {
    const admin = await database.addUser({ role: 'admin' });
    const { id } = await database.addUser({ role: null, email: 'new@example.test' });
    await database.as(admin, `insert into tenant_members (user_id, role) values ($1, 'viewer')`, [id]);
    await database.as(admin, `update tenant_members set role = 'operator' where user_id = $1`, [id]);
    await database.as(admin, `update tenant_members set role = 'operator' where user_id = $1`, [id]);
    await database.as(admin, `delete from tenant_members where user_id = $1`, [id]);
    expect(
      await database.as(
        admin,
        `select actor_user_id, summary from audit_log where entity_id = $1 order by created_at`,
        [id],
      ),
    ).toEqual([
      { actor_user_id: admin.id, summary: 'new@example.test added as viewer' },
      { actor_user_id: admin.id, summary: 'new@example.test made operator, was viewer' },
      { actor_user_id: admin.id, summary: 'new@example.test removed, was operator' },
    ]);
  } finally {
    await database.drop();
  }
});

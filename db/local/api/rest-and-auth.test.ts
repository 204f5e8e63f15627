import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestStack, type TestStack } from '../../testing/stack.ts';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack?.close());

describe('signing in', () => {
  it('gives a token that names the tenant, which the policies read', async () => {
    const { id: tenant } = await stack.database.addTenant('acme');
    const member = await stack.createMember('operator', { tenant });
    const client = await stack.clientOf(member);
    const { data } = await client.rpc('whoami');
    expect(data).toMatchObject({ email: member.email, tenant_id: tenant, role: 'operator' });
  });
});

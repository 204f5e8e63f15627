import { connect, type HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { LiveQuery } from '@hq/shared/live';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nilTenant } from '../../../db/testing/database.ts';
import { eventually } from '../../../db/testing/eventually.ts';
import { claimOne, takeTurn } from '../../../db/testing/turn.ts';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { settleNotification } from './notifications.ts';
import { createStores, type Stores } from './stores.ts';

let stack: TestStack;
let client: HqClient;
let stores: Stores;
let gateway: string;

beforeAll(async () => {
  stack = await startTestStack();
  client = await signIn('operator');
  stores = createStores(client);
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  gateway = row?.id ?? '';
});
afterAll(async () => {
  stores.close();
  await client.close();
  await stack.close();
});

async function signIn(role: 'viewer' | 'operator'): Promise<HqClient> {
  const member = await stack.createMember(role);
  const hq = connect({ url: stack.url, anonKey: stack.anonKey });
  await hq.signIn(member.email, member.password);
  return hq;
}

/** Until it is so by what is told alone: these stores read again far later than this waits. */
async function shows<Row>(
  store: LiveQuery<Row>,
  isSo: (rows: readonly Row[]) => boolean,
): Promise<readonly Row[]> {
  await eventually(() => expect(isSo(store.getSnapshot().rows)).toBe(true));
  return store.getSnapshot().rows;
}

async function watch<Row>(store: LiveQuery<Row>): Promise<void> {
  store.subscribe(() => undefined);
  await eventually(() => expect(store.getSnapshot().status).toBe('live'));
}

describe('the stores of the screens', () => {
  it('show a command from the asking to the alert of its failure', async () => {
    await Promise.all([
      watch(stores.gateways),
      watch(stores.agents),
      watch(stores.commands),
      watch(stores.notifications),
      watch(stores.audit),
    ]);
    const { command } = await client.enqueue({ action: 'restart_gateway', origin: 'tui' });
    await shows(stores.commands, ([newest]) => newest?.id === command.id && newest.status === 'pending');
    await shows(
      stores.audit,
      ([newest]) => newest?.entity_id === command.id && newest.action === 'command.enqueued',
    );

    const single = stores.command(command.id);
    const output = stores.commandOutput(command.id);
    const ofGateway = stores.commandsOfGateway(gateway);
    await Promise.all([watch(single), watch(output), watch(ofGateway)]);
    const { lease_token: token } = await claimOne(stack.database, gateway);
    await shows(single, ([row]) => row?.status === 'running' && row.attempt === 1);
    await takeTurn(stack.database, {
      gateway,
      progress: [{ token, percent: 40, note: 'stopping' }],
      output: [
        { token, seq: 0, stream: 'stdout', text: 'one\n' },
        { token, seq: 1, stream: 'stderr', text: 'two\n' },
      ],
      beat: {
        version: '9',
        services: [{ name: 'gateway', health: 'starting', startedAt: null, version: null, restarts: 0 }],
      },
    });
    await shows(single, ([row]) => row?.progress?.note === 'stopping');
    expect((await shows(output, (rows) => rows.length === 2)).map((row) => row.text)).toEqual([
      'one\n',
      'two\n',
    ]);
    await shows(
      stores.gateways,
      ([row]) => row?.meta.services?.[0]?.health === 'starting' && row.status === 'ready',
    );
    await takeTurn(stack.database, {
      gateway,
      results: [{ token, status: 'failed', exit_code: 7, error_message: 'it broke' }],
    });
    await shows(ofGateway, ([row]) => row?.status === 'failed' && row.exit_code === 7);
    const [alert] = await shows(stores.notifications, (rows) => rows[0]?.entity_id === command.id);
    expect(alert?.read_at).toBeNull();

    await settleNotification(client, alert?.id ?? '', 'read');
    await shows(stores.notifications, ([row]) => row?.read_at !== null && row?.dismissed_at === null);
    await settleNotification(client, alert?.id ?? '', 'dismissed');
    await shows(stores.notifications, ([row]) => row?.dismissed_at !== null);
    for (const store of [single, output, ofGateway]) store.close();
  });

  it('do not let a viewer settle an alert, and say so', async () => {
    const viewer = await signIn('viewer');
    const [alert] = stores.notifications.getSnapshot().rows;
    await expect(settleNotification(viewer, alert?.id ?? '', 'read')).rejects.toThrow(HqError);
    await viewer.close();
  });

  it('show an agent that comes, and only its own commands to its screen', async () => {
    const id = await stack.database.addAgent('ada', gateway);
    await shows(stores.agents, (rows) => rows.some((row) => row.slug === 'ada'));
    const ofAgent = stores.commandsOfAgent(id);
    await watch(ofAgent);
    await stack.database.behindTheGuard(
      `insert into public.agent_commands (action, gateway_id, agent_id, agent_slug, status, origin)
       values ('update', $1, $2, 'ada', 'done', 'api')`,
      [gateway, id],
    );
    ofAgent.refresh();
    expect((await shows(ofAgent, (rows) => rows.length > 0)).map((row) => row.action)).toEqual(['update']);
    ofAgent.close();
  });
});

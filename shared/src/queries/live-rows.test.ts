import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nilTenant } from '../../../db/testing/database.ts';
import { eventually } from '../../../db/testing/eventually.ts';
import { claimOne, exchange } from '../../../db/testing/exchange.ts';
import { startTestStack, type TestStack } from '../../../local/testing/stack.ts';
import { connect, type HqClient } from '../client/index.ts';
import { HqError } from '../errors.ts';
import type { LiveQuery } from '../live/index.ts';
import { readLastOutput } from './command-output.ts';
import { liveCommands, liveCommandsById, readCommandsById } from './commands.ts';
import { createLiveRows, type LiveRows } from './live-rows.ts';
import { settleNotification } from './notifications.ts';

let stack: TestStack;
let client: HqClient;
let live: LiveRows;
let gateway: string;

beforeAll(async () => {
  stack = await startTestStack();
  client = await signIn('operator');
  live = createLiveRows(client);
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  gateway = row?.id ?? '';
});
afterAll(async () => {
  live.close();
  await client.close();
  await stack.close();
});

async function signIn(role: 'viewer' | 'operator'): Promise<HqClient> {
  const member = await stack.createMember(role);
  const hq = connect({ url: stack.url, anonKey: stack.anonKey });
  await hq.signIn(member.email, member.password);
  return hq;
}

/** Waits for rows that only an event can bring: the next periodic read is far later than this waits. */
async function shows<Row>(
  query: LiveQuery<Row>,
  isSo: (rows: readonly Row[]) => boolean,
): Promise<readonly Row[]> {
  await eventually(() => expect(isSo(query.getSnapshot().rows)).toBe(true));
  return query.getSnapshot().rows;
}

async function watch<Row>(query: LiveQuery<Row>): Promise<void> {
  query.subscribe(() => undefined);
  await eventually(() => expect(query.getSnapshot().status).toBe('live'));
}

describe('the live rows of a session', () => {
  it('follow a command from enqueue to the alert of its failure', async () => {
    await Promise.all([
      watch(live.gateways),
      watch(live.agents),
      watch(live.commands),
      watch(live.notifications),
      watch(live.audit),
    ]);
    const { command } = await client.enqueue({ action: 'restart_gateway', origin: 'tui' });
    await shows(live.commands, ([newest]) => newest?.id === command.id && newest.status === 'pending');
    await shows(
      live.audit,
      ([newest]) => newest?.entity_id === command.id && newest.action === 'command.enqueued',
    );

    const single = live.command(command.id);
    const output = live.commandOutput(command.id);
    const ofGateway = liveCommands(client, { gatewayId: gateway });
    await Promise.all([watch(single), watch(output), watch(ofGateway)]);
    const { lease_token: token } = await claimOne(stack.database, gateway);
    await shows(single, ([row]) => row?.status === 'running' && row.attempt === 1);
    await exchange(stack.database, {
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
    expect((await readLastOutput(client, command.id, 1)).map((row) => row.text)).toEqual(['two\n']);
    await shows(
      live.gateways,
      ([row]) => row?.meta.services?.[0]?.health === 'starting' && row.status === 'ready',
    );
    await exchange(stack.database, {
      gateway,
      results: [{ token, status: 'failed', exit_code: 7, error_message: 'it broke' }],
    });
    await shows(ofGateway, ([row]) => row?.status === 'failed' && row.exit_code === 7);
    const [alert] = await shows(live.notifications, (rows) => rows[0]?.entity_id === command.id);
    expect(alert?.read_at).toBeNull();

    await settleNotification(client, alert?.id ?? '', 'read');
    await shows(live.notifications, ([row]) => row?.read_at !== null && row?.dismissed_at === null);
    await settleNotification(client, alert?.id ?? '', 'dismissed');
    await shows(live.notifications, ([row]) => row?.dismissed_at !== null);
    for (const query of [single, output, ofGateway]) query.close();
  });

  it('refuse a viewer who settles an alert', async () => {
    const viewer = await signIn('viewer');
    const [alert] = live.notifications.getSnapshot().rows;
    await expect(settleNotification(viewer, alert?.id ?? '', 'read')).rejects.toThrow(HqError);
    await viewer.close();
  });

  it('show a new agent, and only its own commands in its list', async () => {
    const id = await stack.database.addAgent('ada', gateway);
    await shows(live.agents, (rows) => rows.some((row) => row.slug === 'ada'));
    const ofAgent = live.commandsOfAgent(id);
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

  it('are live again within seconds after one transaction of 25,000 rows', { timeout: 120_000 }, async () => {
    const own = await signIn('viewer');
    const rows = createLiveRows(own);
    await watch(rows.notifications);
    await stack.database.query(
      `insert into notifications (type, title) select 'command_failed', 'one of many ' || n from generate_series(1, 25000) n`,
    );
    // A read at once brings rows whose events are still to come.
    rows.refresh();
    await shows(rows.notifications, ([newest]) => newest?.title.startsWith('one of many') === true);
    // For longer than the first doubt, which is over within seconds.
    let liveSince: number | null = null;
    await eventually(() => {
      const isLive = rows.notifications.getSnapshot().status === 'live';
      liveSince = isLive ? (liveSince ?? Date.now()) : null;
      expect(Date.now() - (liveSince ?? Date.now())).toBeGreaterThan(5_000);
    });
    rows.close();
    await own.close();
    await stack.database.behindTheGuard('delete from notifications');
  });

  it('follow the commands of given ids', async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(async () => (await client.enqueue({ action: 'ping', origin: 'tui' })).command.id),
    );
    const ids = [first, second].flatMap((id) => id ?? []);
    const [id = ''] = ids;
    expect((await readCommandsById(client, ids)).map((row) => row.id).sort()).toEqual([...ids].sort());
    expect(await readCommandsById(client, [])).toEqual([]);
    const ofIds = liveCommandsById(client, () => [id], 10);
    await watch(ofIds);
    // The event of the other one's insert may arrive only now, and adds it.
    expect(ofIds.getSnapshot().rows).toContainEqual(expect.objectContaining({ id, status: 'pending' }));
    await client.cancel(id, 'tui');
    await shows(ofIds, (rows) => rows.some((row) => row.id === id && row.status === 'cancelled'));
    ofIds.close();
  });
});

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cloneDatabase, service, type TestDatabase } from '../../testing/database.ts';
import { type ClaimedCommand, exchange, expireLease } from '../../testing/exchange.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

const finals = new Set(['done', 'failed', 'cancelled']);

const step = fc.oneof(
  fc.record({
    kind: fc.constant('ask' as const),
    action: fc.constantFrom('ping', 'restart_gateway', 'restart_dispatcher'),
  }),
  fc.record({
    kind: fc.constant('claim' as const),
    runner: fc.nat(2),
    count: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant('result' as const),
    pick: fc.nat(),
    status: fc.constantFrom('done', 'failed', 'cancelled', 'pending', 'nonsense'),
  }),
  fc.record({ kind: fc.constant('renew' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('expire' as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat() }),
);

type Step = typeof step extends fc.Arbitrary<infer Move> ? Move : never;

interface Seen {
  readonly id: string;
  readonly action: string;
  readonly status: string;
  readonly attempt: number;
  readonly lease_token: string | null;
  readonly ending: string;
}

/** A gateway, every token that was ever handed out, and how each row ended. */
async function play(steps: readonly Step[], slug: string): Promise<void> {
  const gateway = await database.addGateway(slug);
  const asked: string[] = [];
  const tokens: ClaimedCommand[] = [];
  const endings = new Map<string, string>();
  const from = <T>(list: readonly T[], pick: number): T | undefined => list[pick % Math.max(list.length, 1)];

  const look = async () => {
    const rows = await database.query<Seen>(
      `select id, action, status, attempt, lease_token, (to_jsonb(c) - 'updated_at')::text as ending
       from agent_commands c where gateway_id = $1`,
      [gateway],
    );
    const held = rows.filter(({ status }) => status === 'running');
    expect(
      held.filter(({ action }) => action !== 'ping').length,
      'stack actions together',
    ).toBeLessThanOrEqual(1);
    expect(
      held.every(({ lease_token }) => lease_token !== null),
      'held without a token',
    ).toBe(true);
    for (const { id, status, attempt, ending } of rows) {
      expect(attempt, 'attempts').toBeLessThanOrEqual(3);
      const earlier = endings.get(id);
      if (earlier !== undefined) expect(ending, 'a finished row changed').toBe(earlier);
      if (finals.has(status)) endings.set(id, ending);
    }
    return new Map(rows.map((row) => [row.id, row]));
  };

  for (const move of steps) {
    const before = await look();
    if (move.kind === 'ask') {
      const [row] = await database.query<{ id: string }>(
        `insert into agent_commands (action, gateway_id) values ($1, $2) returning id`,
        [move.action, gateway],
      );
      if (row) asked.push(row.id);
    } else if (move.kind === 'claim') {
      const { claimed } = await exchange(database, { gateway, runner: `r${move.runner}`, claim: move.count });
      tokens.push(...claimed);
    } else if (move.kind === 'cancel') {
      const id = from(asked, move.pick);
      if (id) await database.as(service, `select cancel_command($1)`, [id]);
    } else {
      const command = from(tokens, move.pick);
      if (!command) continue;
      const { id, lease_token: token } = command;
      const isItsOwn = before.get(id)?.lease_token === token;
      if (move.kind === 'expire') {
        if (isItsOwn && before.get(id)?.status === 'running') await expireLease(database, id);
        continue;
      }
      const turn = await exchange(
        database,
        move.kind === 'renew'
          ? { gateway, renew: [token] }
          : { gateway, results: [{ token, status: move.status }] },
      );
      expect(turn.lost, 'lost').toEqual(isItsOwn ? [] : [token]);
    }
  }

  // Whatever happened, somebody who goes on takes every row to an end.
  for (let round = 0; [...(await look()).values()].some(({ status }) => !finals.has(status)); round += 1) {
    expect(round, 'a row is stuck').toBeLessThan(100);
    for (const { id, status } of (await look()).values())
      if (status === 'running') await expireLease(database, id);
    const { claimed } = await exchange(database, { gateway, runner: 'last', claim: 5 });
    const results = claimed.map(({ lease_token: token }) => ({ token, status: 'done' }));
    await exchange(database, { gateway, results });
  }
}

test('whatever happens in whatever order, no row is stuck, none changes after its end, none is held by two', async () => {
  let game = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async (steps) => {
      game += 1;
      await play(steps, `game-${game}`);
    }),
    { numRuns: 25 },
  );
}, 60_000);

import { catalogue } from '@hq/shared/actions';
import type { CommandRow } from '@hq/shared/rows';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { commandAt } from '../../../testing/command-row.ts';
import { TestAdapter } from '../../../testing/test-adapter.ts';
import type { Sender } from '../../contract/inbound.ts';
import type { RowQueries } from '../api/row-queries.ts';
import { createButtons } from './buttons.ts';
import { LiveCommandCards } from './live-command-cards.ts';
import { Outbox } from './outbox.ts';
import { createResponder } from './responder.ts';

const sender: Sender = {
  platform: 'slack',
  install: 'T1',
  channel: 'C1',
  kind: 'group',
  thread: null,
  user: 'U1',
};
const log = pino({ level: 'silent' });

/** Rows that the test publishes, in place of a live query. */
function publishedRows() {
  let rows: readonly CommandRow[] = [];
  let notify = (): void => undefined;
  const queries: RowQueries = {
    commands: () => ({
      subscribe(listener) {
        notify = listener;
        return () => undefined;
      },
      getSnapshot: () => ({ status: 'live', rows, asOf: null, hasOlder: false, error: null }),
      refresh: () => undefined,
      readOlder: () => undefined,
      close: () => undefined,
    }),
    lastOutput: async () => '',
    gatewaySlug: async () => null,
    gatewayState: async () => null,
  };
  return {
    queries,
    publish(row: CommandRow) {
      rows = [row];
      notify();
    },
  };
}

it('ignores a snapshot that is older than the row of the request', async () => {
  const adapter = new TestAdapter('slack');
  const outbox = new Outbox({ adapter, sanitizer: { card: (card) => card, file: (file) => file } });
  const { queries, publish } = publishedRows();
  const cards = new LiveCommandCards({
    api: { storeCard: async () => undefined, openCards: async () => [] },
    rows: queries,
    blockers: { find: async () => null },
    actions: catalogue,
    buttons: createButtons({ storeButtons: async () => undefined }, log),
    capabilities: () => adapter.capabilities,
    outbox: () => outbox,
    now: () => Date.parse('2026-01-01T00:00:09Z'),
    log,
  });
  const responder = createResponder({
    sender,
    reply: { send: (card) => adapter.send(sender, card) },
    outbox,
    isPrivate: false,
    message: null,
    phrase: (text) => text,
    onReplaced: () => undefined,
    log,
  });
  await cards.show(responder, commandAt(2, { status: 'running', leased_until: '2026-01-01T00:01:00Z' }));
  publish(commandAt(1, {}));
  publish(commandAt(3, { status: 'done' }));
  await eventually(() => expect(adapter.messages[0]?.card.state).toBe('done'));
  const states = adapter.messages[0]?.history.map(({ state }) => state);
  expect(states?.filter((state) => state?.startsWith('waiting'))).toEqual([]);
  await cards.stop();
});

import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sampleConnector } from '../../testing/sample-session.ts';
import { RowUpdates } from './row-updates.ts';
import { Store } from './store.ts';

async function open() {
  const sample = await sampleConnector('live', false).connect();
  if (sample === null) throw new Error('the sample is empty');
  const store = new Store(sample.agents.getSnapshot());
  const agents = { ...sample.agents, subscribe: store.subscribe, getSnapshot: store.get };
  return { updates: new RowUpdates(), agents, gateways: sample.gateways, store };
}

describe('rows', () => {
  it('are announced at once, and then once for all changes of a tenth of a second', async () => {
    const { updates, agents, store } = await open();
    let calls = 0;
    const stop = updates.subscribe(agents, () => calls++);
    store.set({ ...store.get() });
    await pause(20);
    expect(calls).toBe(1);
    for (let at = 0; at < 5; at++) store.set({ ...store.get() });
    await pause(20);
    expect(calls).toBe(1);
    await pause(150);
    expect(calls).toBe(2);
    stop();
  });

  it('make the connection no better than the worst feed that somebody reads', async () => {
    const { updates, agents, gateways, store } = await open();
    expect(updates.connection.get().status).toBe('loading');
    const stop = updates.subscribe(gateways, () => undefined);
    expect(updates.connection.get().status).toBe('live');
    store.set({ ...store.get(), status: 'offline' });
    const leave = updates.subscribe(agents, () => undefined);
    expect(updates.connection.get().status).toBe('offline');
    leave();
    expect(updates.connection.get().status).toBe('live');
    stop();
  });
});

import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { sampleConnector } from '../../testing/sample-session.ts';
import type { Session } from '../session/session.ts';
import { RowUpdates } from './row-updates.ts';
import { Store } from './store.ts';

async function open() {
  const sample = await sampleConnector('live', false).connect();
  if (sample === null) throw new Error('the sample is empty');
  const store = new Store(sample.agents.getSnapshot());
  const session: Session = { ...sample, agents: { subscribe: store.subscribe, getSnapshot: store.get } };
  const updates = new RowUpdates();
  return { updates, agents: updates.slow(session).agents, session: updates.slow(session), store };
}

describe('rows', () => {
  it('stand still between two frames, and are taken up in one', async () => {
    const { agents, store } = await open();
    let calls = 0;
    const stop = agents.subscribe(() => calls++);
    store.set({ ...store.get(), rows: [] });
    await pause(20);
    const [before, taken] = [agents.getSnapshot(), calls];
    for (let at = 0; at < 5; at++) store.set({ ...store.get(), rows: [...store.get().rows] });
    expect(agents.getSnapshot()).toBe(before);
    expect(calls).toBe(taken);
    await pause(150);
    expect(agents.getSnapshot()).toBe(store.get());
    expect(calls).toBe(taken + 1);
    stop();
  });

  it('make the connection no better than the worst feed that somebody reads', async () => {
    const { updates, agents, session, store } = await open();
    expect(updates.connection.get().status).toBe('loading');
    const stop = session.gateways.subscribe(() => undefined);
    expect(updates.connection.get().status).toBe('live');
    store.set({ ...store.get(), status: 'offline' });
    const leave = agents.subscribe(() => undefined);
    expect(updates.connection.get().status).toBe('offline');
    leave();
    expect(updates.connection.get().status).toBe('live');
    stop();
  });
});

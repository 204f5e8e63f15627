import type { CommandRow, GatewayRow } from '@hq/shared/rows';
import { describe, expect, it } from 'vitest';
import { sampleCommands, sampleConnector } from '../../testing/sample-session.ts';
import { Messages } from '../app/messages.ts';
import { Overlays } from '../app/overlays.tsx';
import { Router } from '../app/router.ts';
import { Store } from '../app/store.ts';
import type { CommandRequest, Feed, Session } from '../session/session.ts';
import { CommandActions } from './command-actions.tsx';

/** A feed whose rows a test replaces. */
function feedOf<Row>(first: readonly Row[]): Feed<Row> & { show(rows: readonly Row[]): void } {
  const snapshotOf = (rows: readonly Row[]) => ({ rows, status: 'live' as const, asOf: 0, error: null });
  const store = new Store(snapshotOf(first));
  return {
    subscribe: store.subscribe,
    getSnapshot: store.get,
    show: (rows) => store.set(snapshotOf(rows)),
  };
}

async function open({ isReadonly = false } = {}) {
  const sample = await sampleConnector('live', false).connect();
  const [started] = sampleCommands;
  if (sample === null || started === undefined) throw new Error('the sample is empty');
  const commands = feedOf<CommandRow>([]);
  const gateways = feedOf<GatewayRow>(sample.gateways.getSnapshot().rows);
  const sent: CommandRequest[] = [];
  const session: Session = {
    ...sample,
    commands,
    gateways,
    enqueue: async (request) => {
      sent.push(request);
      return { ...started, action: request.action, status: 'pending' };
    },
  };
  const messages = new Messages(() => 0);
  const context = { messages, overlays: new Overlays(), router: new Router('fleet'), isReadonly };
  const actions = new CommandActions(session, context, () => []);
  const gateway = gateways.getSnapshot().rows[1] ?? null;
  return { actions, ...context, commands, gateways, gateway, sent, started };
}

describe('a command', () => {
  it('that has finished is announced because its row changed', async () => {
    const { actions, commands, messages, gateway, started } = await open();
    actions.start({ action: 'pause_gateway', payload: {}, gateway });
    await new Promise(setImmediate);
    const row = {
      ...started,
      action: 'pause_gateway',
      status: 'done' as const,
      result: { status: 'paused' },
    };
    commands.show([row]);
    expect(messages.current.get()).toMatchObject({
      tone: 'good',
      undo: { action: 'resume_gateway', gateway: gateway?.id },
    });
    expect(messages.current.get()?.text).toMatch(/^pause_gateway on primary: /);
    messages.clear();
    commands.show([row]);
    expect(messages.current.get()).toBeNull();
  });

  it('of somebody else is not announced', async () => {
    const { commands, messages, started } = await open();
    commands.show([{ ...started, status: 'done' }]);
    expect(messages.current.get()).toBeNull();
  });
});

describe('taking back', () => {
  it('sends the opposite action to the same gateway', async () => {
    const { actions, gateway, sent } = await open();
    actions.undo({ action: 'resume_gateway', gateway: gateway?.id ?? null });
    expect(sent).toEqual([{ action: 'resume_gateway', payload: {}, gateway: gateway?.id }]);
  });

  it('sends nothing to a gateway that is gone, and says so', async () => {
    const { actions, gateways, gateway, sent, messages } = await open();
    gateways.show([]);
    actions.undo({ action: 'resume_gateway', gateway: gateway?.id ?? null });
    expect(sent).toEqual([]);
    expect(messages.current.get()).toMatchObject({
      tone: 'bad',
      text: 'The gateway of this command is gone.',
    });
  });

  it('sends nothing under --readonly', async () => {
    const { actions, gateway, sent, messages } = await open({ isReadonly: true });
    actions.undo({ action: 'resume_gateway', gateway: gateway?.id ?? null });
    expect(sent).toEqual([]);
    expect(messages.current.get()?.text).toContain('Read only');
  });
});

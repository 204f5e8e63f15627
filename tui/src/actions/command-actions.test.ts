import type { CommandRow, GatewayRow } from '@hq/shared/rows';
import { describe, expect, it } from 'vitest';
import { sampleCommands, sampleConnector } from '../../testing/sample-session.ts';
import { Messages } from '../app/messages.ts';
import { Overlays } from '../app/overlays.tsx';
import { Router } from '../app/router.ts';
import { Store } from '../app/store.ts';
import type { CommandRequest, Feed, Session } from '../session/session.ts';
import { createCommandActions } from './command-actions.tsx';

/** A feed whose rows a test replaces. */
function feedOf<Row>(first: readonly Row[]): Feed<Row> & { show(rows: readonly Row[]): void } {
  const snapshotOf = (rows: readonly Row[]) => ({
    rows,
    status: 'live' as const,
    asOf: 0,
    hasOlder: false,
    error: null,
  });
  const store = new Store(snapshotOf(first));
  return {
    subscribe: store.subscribe,
    getSnapshot: store.get,
    readOlder: () => undefined,
    show: (rows) => store.set(snapshotOf(rows)),
  };
}

async function open({ isReadonly = false, isSlow = false } = {}) {
  const sample = await sampleConnector('live', false).connect();
  const [started] = sampleCommands;
  if (sample === null || started === undefined) throw new Error('the sample is empty');
  const commands = feedOf<CommandRow>([]);
  const gateways = feedOf<GatewayRow>(sample.gateways.getSnapshot().rows);
  const sent: CommandRequest[] = [];
  const answer = Promise.withResolvers<void>();
  if (!isSlow) answer.resolve();
  const clock = { now: 0 };
  const operator = { isFiltering: false };
  const session: Session = {
    ...sample,
    commands,
    gateways,
    enqueue: async (request) => {
      sent.push(request);
      await answer.promise;
      return { ...started, action: request.action, status: 'pending' };
    },
  };
  const messages = new Messages(() => clock.now);
  const context = {
    messages,
    overlays: new Overlays(),
    router: new Router('fleet'),
    isReadonly,
    isFiltering: () => operator.isFiltering,
  };
  const actions = createCommandActions(session, context, () => []);
  const gateway = gateways.getSnapshot().rows[1] ?? null;
  return { actions, ...context, commands, gateways, gateway, sent, started, answer, clock, operator };
}

type Opened = Awaited<ReturnType<typeof open>>;

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

describe('a slow HQ', () => {
  it('leaves the message of a command on the screen until it answers', async () => {
    const { actions, messages, gateway, answer, clock } = await open({ isSlow: true });
    actions.start({ action: 'pause_gateway', payload: {}, gateway });
    clock.now += 60_000;
    messages.expire();
    messages.acknowledge();
    expect(messages.current.get()?.text).toBe('Pause the gateway: primary');
    answer.resolve();
    await new Promise(setImmediate);
    expect(messages.current.get()?.text).toBe('Pause the gateway: primary, sent');
    clock.now += 60_000;
    messages.expire();
    expect(messages.current.get()).toBeNull();
  });

  it('opens the output of a command where the operator still waits', async () => {
    const { actions, router, gateway, answer } = await open({ isSlow: true });
    actions.start({ action: 'tail_logs', payload: {}, gateway });
    answer.resolve();
    await new Promise(setImmediate);
    expect(router.route.screen).toBe('command');
  });

  it.each([
    ['writes a filter', ({ operator }: Opened) => Object.assign(operator, { isFiltering: true })],
    ['has opened another screen', ({ router }: Opened) => router.openTab('agents')],
  ])('opens no screen under an operator who %s', async (_case, goOn) => {
    const opened = await open({ isSlow: true });
    const { actions, router, gateway, answer, messages } = opened;
    actions.start({ action: 'tail_logs', payload: {}, gateway });
    goOn(opened);
    const { screen } = router.route;
    answer.resolve();
    await new Promise(setImmediate);
    expect(router.route.screen).toBe(screen);
    expect(messages.current.get()?.text).toContain(', sent');
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

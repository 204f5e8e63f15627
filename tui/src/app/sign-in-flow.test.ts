import { HqError } from '@hq/shared/errors';
import type { GatewayRow } from '@hq/shared/rows';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { sampleConnector } from '../../testing/sample-session.ts';
import type { Session, Snapshot } from '../session/session.ts';
import { Router } from './router.ts';
import { SignInFlow } from './sign-in-flow.ts';
import { Store } from './store.ts';

describe('a session that ends elsewhere', () => {
  async function signedIn(why: string | null = 'Signed out elsewhere.') {
    const sample = sampleConnector('live', false);
    const session = await sample.connect();
    if (session === null) throw new Error('The sample has no session.');
    const gateways = new Store<Snapshot<GatewayRow>>(session.gateways.getSnapshot());
    const sessions: Session[] = [
      {
        ...session,
        whyEnded: async () => why,
        gateways: { ...session.gateways, subscribe: gateways.subscribe, getSnapshot: gateways.get },
      },
    ];
    let closed = 0;
    const flow = new SignInFlow(
      { ...sample, connect: async () => sessions.shift() ?? null },
      async () => () => ({
        element: null,
        place: { userId: '', router: new Router(''), lists: new Map() },
        close: async () => {
          closed += 1;
        },
      }),
    );
    await flow.start();
    const fail = (code: 'unauthenticated' | 'unreachable'): void =>
      gateways.update((now) => ({ ...now, status: 'offline', error: new HqError(code, 'No.') }));
    return { flow, fail, closed: () => closed };
  }

  it('closes its screens and brings the form', async () => {
    const { flow, fail, closed } = await signedIn();
    fail('unauthenticated');
    await eventually(() =>
      expect(flow.state.get()).toEqual({
        phase: 'form',
        isBusy: false,
        error: 'Signed out elsewhere.',
      }),
    );
    expect(closed()).toBe(1);
  });

  it('is not one whose token only could not be renewed', async () => {
    const { flow, fail, closed } = await signedIn(null);
    fail('unauthenticated');
    await new Promise(setImmediate);
    expect([flow.state.get().phase, closed()]).toEqual(['signed-in', 0]);
  });

  it('is not one that HQ does not answer', async () => {
    const { flow, fail, closed } = await signedIn();
    fail('unreachable');
    await new Promise(setImmediate);
    expect([flow.state.get().phase, closed()]).toEqual(['signed-in', 0]);
  });
});

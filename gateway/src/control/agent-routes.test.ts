import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { agentsApi } from '../../../runner/src/agents/agents-api.ts';
import { specOf } from '../agents/testing/specs.ts';
import { startReadyGateway } from '../testing/ready-gateway.ts';
import {
  createHome,
  killGateway,
  type RunningGateway,
  startLimitMs,
  type TestHome,
} from '../testing/running-gateway.ts';

let home: TestHome;
let gateway: RunningGateway;
beforeAll(async () => {
  home = await createHome();
  gateway = await startReadyGateway(home, { HQ_REHEARSAL: '1' });
}, startLimitMs);
afterAll(() => {
  killGateway(gateway);
  home.remove();
});

const limit = () => AbortSignal.timeout(startLimitMs);
const api = () => agentsApi(home.control);

describe('the control API of hq-gateway', () => {
  it('makes an agent that does a turn, and removes it', { timeout: startLimitMs }, async () => {
    const lines: string[] = [];
    const maya = specOf('maya', { template: 'writer' });
    const result = await api().apply([maya], ({ progress }) => lines.push(progress), limit());
    expect(result).toMatchObject({ applied: ['maya'], problems: [], unexpected: [] });
    expect(lines).toContain('configuring OpenClaw');
    expect((await home.control.status(limit())).agents).toEqual(['acme-maya']);
    const request = { agent: 'maya', message: 'Hello', runId: 'first', timeoutSeconds: 100 };
    expect(await home.control.turn(request, () => undefined, limit())).toMatchObject({ status: 'ok' });
    expect(await api().conditions(300, limit())).toEqual({ agents: { 'acme-maya': [] } });
    await api().setPaused('maya', true, limit());
    await api().setPaused('maya', false, limit());
    expect(await api().resetSession('maya', undefined, limit())).toEqual({
      sessionKey: 'agent:acme-maya:hq',
    });
    const { archived } = await api().remove('maya', () => undefined, limit());
    expect(archived).toContain('archive/acme/maya-');
    expect(existsSync(home.file('workspace-acme', 'maya'))).toBe(false);
    expect((await home.control.status(limit())).agents).toEqual([]);
  });

  it('refuses an unknown agent, a malformed description, and a wrong code', {
    timeout: startLimitMs,
  }, async () => {
    await expect(api().setPaused('nobody', true, limit())).rejects.toMatchObject({ code: 'not_found' });
    const malformed = [{ ...specOf('maya'), branch: '../outside' }];
    await expect(api().apply(malformed, () => undefined, limit())).rejects.toMatchObject({
      code: 'usage',
      field: 'agents.0.branch',
    });
    const approval = { channel: 'telegram', code: 'ABCD2345' } as const;
    await expect(api().approvePairing(approval, limit())).rejects.toMatchObject({ code: 'not_found' });
    const get = { method: 'GET', path: '/pairings', signal: limit() } as const;
    expect(await home.control.request(get, z.unknown())).toEqual({ requests: [] });
  });

  it('takes 20 agents, and refuses the next one with what to do', { timeout: startLimitMs }, async () => {
    const specs = Array.from({ length: 21 }, (_, at) => specOf(`agent-${at + 1}`));
    const result = await api().apply(specs, () => undefined, limit());
    expect(result.applied).toHaveLength(20);
    expect(result.problems).toEqual([
      {
        slug: 'agent-21',
        message:
          'This gateway has 20 agents, and no more fit. Provision it on another gateway, or run `remove` for an agent that is no longer needed.',
      },
    ]);
    expect((await home.control.status(limit())).agents).toHaveLength(20);
  });
});

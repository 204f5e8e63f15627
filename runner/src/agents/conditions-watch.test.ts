import type { AgentConditions } from '@hq/shared/agents';
import { HqError } from '@hq/shared/errors';
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { afterEach, expect, test, vi } from 'vitest';
import { ConditionsWatch } from './conditions-watch.ts';

const mute = { kind: 'mute', reason: 'telegram: it is not running', subject: 'telegram' } as const;
let watch: ConditionsWatch;
afterEach(() => watch.close());

/** Starts a watch of a gateway that answers so. Returns what it reports, and the number of its looks. */
function start(answer: () => AgentConditions['agents']) {
  const reports: AgentConditions['agents'][] = [];
  const seen = { looks: 0, reports, isDown: false };
  watch = new ConditionsWatch({
    gatewayId: 'attic',
    turnSeconds: 300,
    lookEveryMs: 5,
    log: createLog('fatal', createRedactor([])),
    database: {
      reportAgentHealth: (_gateway, agents) => {
        if (seen.isDown) return Promise.reject(new HqError('unreachable', 'The database is away.'));
        reports.push(agents);
        return Promise.resolve();
      },
    },
    gateway: {
      request: ({ path }, schema) => {
        expect(path).toBe('/agents/conditions?turn_seconds=300');
        seen.looks += 1;
        return Promise.resolve(schema.parse({ agents: answer() }));
      },
      stream: () => Promise.reject(new Error('nothing is streamed')),
    },
  });
  return seen;
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 5 });

test('reports at its start and when something changed, and is silent while nothing does', async () => {
  let agents: AgentConditions['agents'] = { scout: [] };
  const seen = start(() => agents);
  await eventually(() => expect(seen.looks).toBeGreaterThan(5));
  expect(seen.reports).toEqual([{ scout: [] }]);
  agents = { scout: [mute] };
  await eventually(() => expect(seen.reports).toHaveLength(2));
  const looks = seen.looks;
  await eventually(() => expect(seen.looks).toBeGreaterThan(looks + 5));
  expect(seen.reports).toEqual([{ scout: [] }, { scout: [mute] }]);
});

test('reports again what the database did not take', async () => {
  const seen = start(() => ({ scout: [mute] }));
  seen.isDown = true;
  await eventually(() => expect(seen.looks).toBeGreaterThan(2));
  seen.isDown = false;
  await eventually(() => expect(seen.reports).toEqual([{ scout: [mute] }]));
});

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentStack, longMs, startAgentStack, startMs, until } from './agent-stack.ts';

/** Milliseconds until a gateway that stays up counts as well: two minutes, or five where its channels were kept off. */
const calmMs = 600_000;
const kills = 3;

let stack: AgentStack;
beforeAll(async () => {
  stack = await startAgentStack({});
}, startMs + 60_000);
afterAll(() => stack?.close(), 90_000);

const openClaw = () => Number(readFileSync(stack.file('hq', 'openclaw.pid'), 'utf8'));
const isReady = async () => {
  const { ready } = await stack.control.status(AbortSignal.timeout(10_000));
  if (!ready) throw new Error('the gateway is not ready');
};
const alerts = () =>
  stack.query(
    `select severity, occurrences, resolved_at is not null as over from notifications where type = 'gateway_restarting'`,
  );

it('an OpenClaw that is killed again and again is one alert, which ends once it stays up', {
  timeout: (kills + 1) * longMs + calmMs,
}, async () => {
  for (let kill = 1; kill <= kills; kill += 1) {
    const pid = openClaw();
    expect(await alerts()).toEqual([]);
    process.kill(pid, 'SIGKILL');
    await until(async () => {
      expect(openClaw()).not.toBe(pid);
      await isReady();
    });
  }
  await until(async () =>
    expect(await alerts()).toEqual([{ severity: 'critical', occurrences: 1, over: false }]),
  );
  await until(
    async () => expect(await alerts()).toEqual([{ severity: 'critical', occurrences: 1, over: true }]),
    calmMs,
  );
});

import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { boundAgent } from './bound-agent.ts';
import { PairingRequests } from './pairing-requests.ts';

const now = Date.parse('2026-11-30T21:00:00Z');
const event = { channel: 'telegram', accountId: 'maya', senderId: '5550001', code: 'ABCD1234' };

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'hq-pairing-'));
});
afterEach(() => rmSync(state, { recursive: true }));

it('keeps a request with its code in a private file until it expires', () => {
  new PairingRequests(state).add({ ...event, metadata: { name: 'Sam' } }, now);
  const [request] = new PairingRequests(state).list(now);
  expect(request).toMatchObject({ account: 'maya', sender: '5550001', senderName: 'Sam', code: 'ABCD1234' });
  expect(statSync(join(state, 'hq', 'pairing-codes.json')).mode & 0o777).toBe(0o600);
  expect(new PairingRequests(state).list(now + 3_600_000)).toEqual([]);
});

it('keeps the newest code of a sender', () => {
  const requests = new PairingRequests(state);
  requests.add(event, now);
  requests.add({ ...event, senderId: '5550002' }, now);
  requests.add({ ...event, code: 'EFGH5678' }, now);
  expect(requests.list(now).map(({ sender, code }) => [sender, code])).toEqual([
    ['5550002', 'ABCD1234'],
    ['5550001', 'EFGH5678'],
  ]);
});

it('starts anew from a damaged file', () => {
  const requests = new PairingRequests(state);
  requests.add(event, now);
  writeFileSync(join(state, 'hq', 'pairing-codes.json'), '[{"chan');
  expect(requests.list(now)).toEqual([]);
  requests.add(event, now);
  expect(requests.list(now)).toHaveLength(1);
});

it('finds the agent of a channel’s account in OpenClaw’s bindings', () => {
  const config = {
    bindings: [
      { agentId: 'any', match: { channel: 'telegram' } },
      { agentId: 'maya', match: { channel: 'telegram', accountId: 'maya' } },
      { agentId: 'noor', match: { channel: 'slack', accountId: 'maya' } },
    ],
  };
  expect(boundAgent(config, 'telegram', 'maya')).toBe('maya');
  expect(boundAgent(config, 'telegram', 'other')).toBe('any');
  expect(boundAgent(config, 'discord', 'maya')).toBeNull();
  expect(boundAgent({}, 'telegram', 'maya')).toBeNull();
});

import { expect, it } from 'vitest';
import type { OutboxEntry } from '../hq-api/outbox.ts';
import { createHostRequests } from './host-requests.ts';

function start() {
  const sent: OutboxEntry[] = [];
  let now = 0;
  const request = createHostRequests(
    (entry) => sent.push(entry),
    () => now,
  );
  return { sent, request, wait: (ms: number) => (now += ms) };
}

it('tells HQ of a refused host once an hour', () => {
  const { sent, request, wait } = start();
  for (let n = 0; n < 3; n += 1) request('maya', { host: 'pypi.org', port: 443 });
  expect(sent).toEqual([{ agent: 'maya', operation: 'host_refused', args: { host: 'pypi.org', port: 443 } }]);
  wait(60 * 60_000);
  request('maya', { host: 'pypi.org', port: 443 });
  expect(sent).toHaveLength(2);
});

it('tells of ten hosts of an agent at most, whatever another one tries', () => {
  const { sent, request } = start();
  for (let n = 0; n < 1_000; n += 1) request('maya', { host: `h${n}.example`, port: 443 });
  request('noor', { host: 'pypi.org', port: 443 });
  expect(sent.map(({ agent }) => agent)).toEqual([...Array.from({ length: 10 }, () => 'maya'), 'noor']);
});

it('does not ask for names that no list can have', () => {
  const { sent, request } = start();
  for (const host of ['localhost', 'under_score.example', 'x.7', 'example.-a'])
    request('maya', { host, port: 80 });
  expect(sent).toEqual([]);
});

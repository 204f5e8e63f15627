import { describe, expect, it } from 'vitest';
import { readBindings } from './bindings.ts';
import { joinFault } from './subscription-limits.ts';
import type { Audience } from './visibility.ts';

const viewer: Audience = { role: 'authenticated', claims: { role: 'authenticated', sub: 'viewer' } };
const other: Audience = { role: 'authenticated', claims: { role: 'authenticated', sub: 'other' } };
const service: Audience = { role: 'service_role', claims: { role: 'service_role' } };

function bindings(count: number, filter?: string) {
  const entry = { event: '*', table: 'gateways', ...(filter === undefined ? {} : { filter }) };
  return readBindings(Array.from({ length: count }, () => entry)) ?? [];
}

function socket(...channels: { audience: Audience; bindings: ReturnType<typeof bindings> }[]) {
  return { channels: new Map(channels.map((channel, index) => [String(index), channel])) };
}

describe('one user', () => {
  it('has a bounded number of bindings on all sockets together', () => {
    const open = Array.from({ length: 4 }, () => socket({ audience: viewer, bindings: bindings(100) }));
    expect(joinFault(open, socket(), viewer, bindings(100))).toBeNull();
    expect(joinFault(open, socket(), viewer, bindings(101))).toMatch(/more changes/);
    expect(joinFault(open, socket(), other, bindings(100))).toBeNull();
  });

  it.each(['name=like.%a%', 'name=ilike.%a%', 'name=not.like.%a%'])(
    'has few bindings with the pattern %s',
    (filter) => {
      expect(joinFault([], socket(), viewer, bindings(19, filter))).toBeNull();
      expect(joinFault([], socket(), viewer, bindings(20, filter))).toMatch(/more changes/);
    },
  );

  it('cannot hide many patterns in one binding', () => {
    const filter = Array.from({ length: 20 }, () => 'name=like.%a%').join();
    expect(joinFault([], socket(), viewer, bindings(1, filter))).toMatch(/more changes/);
  });

  it('has a bounded number of sockets', () => {
    const open = Array.from({ length: 30 }, () => socket({ audience: viewer, bindings: bindings(1) }));
    expect(joinFault(open, socket(), viewer, bindings(1))).toMatch(/30 sockets/);
    expect(joinFault(open.slice(1), socket(), viewer, bindings(1))).toBeNull();
    const [joined] = open;
    if (joined) expect(joinFault(open, joined, viewer, bindings(1))).toBeNull();
  });

  it('with the service role has no bound', () => {
    const open = Array.from({ length: 40 }, () => socket({ audience: service, bindings: bindings(100) }));
    expect(joinFault(open, socket(), service, bindings(100))).toBeNull();
  });
});

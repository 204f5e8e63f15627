import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChannelTrust } from './channel-trust.ts';

const proofMs = 3_000;
const minute = 60_000;

describe('trust in a channel', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks for an event of every row that a read changed', () => {
    const trust = new ChannelTrust(proofMs);
    const onSilent = vi.fn();
    const since = Date.now();
    trust.expectEvents(new Set(['early', 'late', 'never']), since, onSilent);
    trust.recordEvent('early');
    trust.recordEvent('late');
    vi.advanceTimersByTime(proofMs);
    expect(onSilent).toHaveBeenCalledOnce();
  });

  it('is kept by an event from before or soon after the read', () => {
    const trust = new ChannelTrust(proofMs);
    const onSilent = vi.fn();
    const since = Date.now();
    trust.recordEvent('before');
    trust.expectEvents(new Set(['before', 'after']), since, onSilent);
    vi.advanceTimersByTime(proofMs - 1);
    trust.recordEvent('after');
    vi.advanceTimersByTime(minute);
    expect(onSilent).not.toHaveBeenCalled();
  });

  it('comes back with an event, and the caller learns that changes may be missing', () => {
    const trust = new ChannelTrust(proofMs);
    trust.distrust();
    expect(trust.isTrusted).toBe(false);
    expect([trust.restore(), trust.isTrusted, trust.restore()]).toEqual([true, true, false]);
  });

  it('comes back after a minute, and later after each further miss', () => {
    const trust = new ChannelTrust(proofMs);
    for (const minutes of [1, 2, 4, 8]) {
      trust.distrust();
      vi.advanceTimersByTime(minutes * minute);
      trust.expire();
      expect(trust.isTrusted).toBe(false);
      vi.advanceTimersByTime(1);
      trust.expire();
      expect(trust.isTrusted).toBe(true);
    }
  });

  it('judges nothing after it was cancelled', () => {
    const trust = new ChannelTrust(proofMs);
    const onSilent = vi.fn();
    trust.expectEvents(new Set(['never']), Date.now() + 1, onSilent);
    trust.cancel();
    vi.advanceTimersByTime(minute);
    expect(onSilent).not.toHaveBeenCalled();
  });
});

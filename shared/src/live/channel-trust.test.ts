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
    vi.advanceTimersByTime(proofMs * 2);
    expect(onSilent).toHaveBeenCalledOnce();
  });

  it('waits longer while other events come, but not for ever', () => {
    const trust = new ChannelTrust(proofMs);
    const onSilent = vi.fn();
    const keepBusy = (ms: number): void => {
      for (let passed = 0; passed < ms; passed += 1_000) {
        trust.recordEvent('another');
        vi.advanceTimersByTime(1_000);
      }
    };
    trust.expectEvents(new Set(['slow']), Date.now(), onSilent);
    keepBusy(10_000);
    trust.recordEvent('slow');
    vi.advanceTimersByTime(proofMs * 2);
    expect(onSilent).not.toHaveBeenCalled();
    trust.expectEvents(new Set(['never']), Date.now(), onSilent);
    keepBusy(40_000);
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

  it('comes back after five seconds, and later after each further miss', () => {
    const trust = new ChannelTrust(proofMs);
    for (const seconds of [5, 10, 20, 40]) {
      trust.distrust();
      vi.advanceTimersByTime(seconds * 1_000);
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

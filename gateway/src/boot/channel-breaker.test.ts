import { expect, it } from 'vitest';
import { ChannelBreaker } from './channel-breaker.ts';

it('follows what OpenClaw says about its channels', () => {
  const breaker = new ChannelBreaker();
  breaker.read('[gateway] ready');
  expect(breaker.isTripped).toBe(false);
  breaker.read(
    'gateway restart-loop breaker tripped: 3 unclean boot(s) within 300000ms; suppressing channel/',
  );
  expect(breaker.isTripped).toBe(true);
  breaker.read('gateway restart-loop breaker recovered; channel auto-start restored');
  expect(breaker.isTripped).toBe(false);
});

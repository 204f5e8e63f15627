import { describe, expect, it } from 'vitest';
import { looksLikeCredential } from './refuse-credential.ts';

describe('what looks like a credential', () => {
  it.each(['Ab1-cdefghijklmnopqrstuvw', 'x=a1B2c3D4e5F6g7H8i9J0', 'deploy a1B2c3D4e5F6g7H8i9J0 there'])(
    'is a long word of both cases and digits: %j',
    (text) => expect(looksLikeCredential(text)).toBe(true),
  );

  it.each(['rotated in march, see the runbook', 'agent-with-a-long-name-2', 'GITHUB_TOKEN'])(
    'is no plain text: %j',
    (text) => expect(looksLikeCredential(text)).toBe(false),
  );

  it.each(['z', 'Z', '-', 'a-', 'A '])('is told of a pasted text of 200,000 times %j at once', (part) => {
    const since = performance.now();
    looksLikeCredential(part.repeat(200_000));
    expect(performance.now() - since).toBeLessThan(2000);
  });
});

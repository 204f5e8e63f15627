import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { createTokenHolder } from './token-holder.ts';

it.runIf(process.platform === 'linux')(
  'gives the host’s name for the same tokens to one at a time',
  async () => {
    const tokens = [randomUUID(), randomUUID()];
    const [one, other, elsewhere] = await Promise.all([
      createTokenHolder(tokens),
      createTokenHolder(tokens.toReversed()),
      createTokenHolder([randomUUID()]),
    ]);
    expect(one.name()).not.toBe(other.name());
    await one.takeHostName();
    await other.takeHostName();
    await elsewhere.takeHostName();
    const name = one.name();
    expect(name).toMatch(/^host:/);
    expect(other.name()).toMatch(/^process:/);
    expect(elsewhere.name()).toMatch(/^host:/);
    expect(elsewhere.name()).not.toBe(name);
    // It keeps its name for as long as it lives, and leaves it to the next.
    one.close();
    await other.takeHostName();
    expect(other.name()).toBe(name);
    for (const holder of [other, elsewhere]) holder.close();
  },
);

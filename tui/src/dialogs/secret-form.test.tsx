import { afterEach, describe, expect, it, vi } from 'vitest';
import { renderComponent } from '../../testing/rendered.tsx';
import { widthOf } from '../table/cell.ts';
import { type FilledIn, SecretForm } from './secret-form.tsx';

const closing: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0)) close();
});

function open(submit: (filledIn: FilledIn) => Promise<void> = async () => undefined, columns = 80) {
  let closed = 0;
  const late: string[] = [];
  const rendered = renderComponent(
    <SecretForm
      title="Store a secret"
      fields={['key', 'gateway', 'agent', 'category', 'note', 'value']}
      start={{ gateway: 'primary' }}
      submit={submit}
      onLateFailure={(text) => late.push(text)}
      onClose={() => {
        closed++;
      }}
    />,
    { columns, rows: 24 },
  );
  closing.push(() => rendered.frames.close());
  return { ...rendered, isClosed: () => closed > 0, late };
}

const [shiftTab, right, ctrlU, esc] = ['\u001b[Z', '\u001b[C', '\u0015', '\u001b'];

describe('the form of a secret', () => {
  it('submits what was filled in, and closes', async () => {
    const submitted: FilledIn[] = [];
    const { type, isClosed } = open(async (filledIn) => {
      submitted.push(filledIn);
    });
    await type('TOKEN\t\tada\t');
    await type(right);
    await type('\ta note\rhush\r');
    expect(submitted).toEqual([
      {
        key: 'TOKEN',
        gateway: 'primary',
        agent: 'ada',
        category: 'channel',
        note: 'a note',
        value: { typed: 'hush' },
      },
    ]);
    expect(isClosed()).toBe(true);
  });

  it.each(['', 'true'])(
    'shows and says nothing of the value but its size (screen reader: %s)',
    async (isRead) => {
      vi.stubEnv('INK_SCREEN_READER', isRead);
      const { type, text, frames } = open();
      await type(shiftTab);
      await type('hush-hush');
      await type('\u001b[200~\r\nsecond\rthird\u001b[201~');
      expect(text()).toContain('22 characters in 3 lines');
      expect(frames.all.join()).not.toMatch(/hush|second|third/);
      await type(ctrlU);
      expect(text()).toContain('nothing yet');
    },
  );

  it('keeps everything when it fails, and takes no key meanwhile', async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    const { type, text, isClosed } = open(() => promise);
    await type(shiftTab);
    await type('hush\rmore');
    await type(esc);
    expect(isClosed()).toBe(false);
    expect(text()).toContain('Sending');
    reject(new Error('The line is down.'));
    await new Promise(setImmediate);
    expect(text()).toContain('The line is down.');
    expect(text()).toContain('4 characters');
    expect(isClosed()).toBe(false);
  });

  it('is left by two keys while it is sending, and a failure is told all the same', async () => {
    for (const key of [esc, '\u0003']) {
      const { promise, reject } = Promise.withResolvers<void>();
      const { type, text, isClosed, late } = open(() => promise);
      await type(shiftTab);
      await type('hush\r');
      await type(key);
      expect(text()).toContain('HQ may store it all the same');
      expect(isClosed()).toBe(false);
      await type(key);
      expect(isClosed()).toBe(true);
      reject(new Error('The line is down.'));
      await new Promise(setImmediate);
      expect(late).toEqual(['The line is down.']);
    }
  });

  it('is left at once when nothing was typed, and by two keys otherwise', async () => {
    const untouched = open();
    await untouched.type(esc);
    expect(untouched.isClosed()).toBe(true);
    const { type, isClosed } = open();
    await type('T');
    await type(esc);
    expect(isClosed()).toBe(false);
    await type(esc);
    expect(isClosed()).toBe(true);
  });

  it('has lines of one width, also in a narrow window', () => {
    for (const columns of [60, 80, 200]) {
      const lines = open(undefined, columns)
        .text()
        .split('\n')
        .filter((line) => line !== '');
      const widths = new Set(lines.map((line) => widthOf(line)));
      expect(widths.size).toBe(1);
      expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
    }
  });
});

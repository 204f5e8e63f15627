import { afterEach, describe, expect, it, vi } from 'vitest';
import { renderComponent } from '../../testing/rendered.tsx';
import { widthOf } from '../table/cell.ts';
import { type FilledIn, SecretForm } from './secret-form.tsx';

const closing: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0)) close();
});

function open(
  submit: (filledIn: FilledIn) => Promise<void> = async () => undefined,
  columns = 80,
  gateway = 'primary',
) {
  let closed = 0;
  const late: string[] = [];
  const rendered = renderComponent(
    <SecretForm
      title="Store a secret"
      fields={['key', 'value', 'gateway', 'agent', 'category', 'note']}
      start={{ gateway }}
      gateways={['berlin', 'primary', 'prague']}
      agentsOf={(slug) => (slug === 'primary' ? ['ada', 'bob'] : [])}
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

const [right, left, ctrlU, esc] = ['\u001b[C', '\u001b[D', '\u0015', '\u001b'];
/** The keys from the value to the last field, which is sent by enter. */
const toTheEnd = '\t\t\t\t';
const paste = (text: string): string => `\u001b[200~${text}\u001b[201~`;

describe('the form of a secret', () => {
  it('submits what was filled in, and closes', async () => {
    const submitted: FilledIn[] = [];
    const { type, isClosed } = open(async (filledIn) => {
      submitted.push(filledIn);
    });
    await type('TOKEN\thush\t\tad\t');
    await type(right);
    await type('\ta note\r');
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
      await type('\t');
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
    await type('\t');
    await type(`hush${toTheEnd}\rmore`);
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
      await type('\t');
      await type(`hush${toTheEnd}\r`);
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

  it('chooses gateway and agent by arrows and first letters, and an agent only of its gateway', async () => {
    const submitted: FilledIn[] = [];
    const { type, text } = open(async (filledIn) => void submitted.push(filledIn), 80, '');
    await type('TOKEN\thush\t');
    expect(text()).toContain('none yet');
    await type('pra');
    expect(text()).toContain('‹ prague ›  3 of 3');
    await type(left);
    expect(text()).toContain('‹ primary ›  2 of 3');
    await type('\tbo');
    expect(text()).toContain('‹ bob ›');
    await type('\u001b[Z');
    await type(right);
    expect(text()).toContain('every agent of the gateway');
    await type('\t\t\t\r');
    expect(submitted).toMatchObject([{ gateway: 'prague', agent: '' }]);
  });

  it.each([
    ['a token', 'ghp_16C7e42F292c6912E7710c838347Ae178B4a'],
    ['a model provider’s key', 'sk-ant-api03-AbCdEf0123456789'],
    ['a password', 'correct horse battery'],
    ['hexadecimal digits', '0123456789abcdef0123456789abcdef'],
    ['a private key', '-----BEGIN PRIVATE KEY-----'],
  ])('never draws %s in the field of the key, pasted or typed', async (_what, secret) => {
    for (const keys of [paste(secret), secret]) {
      vi.stubEnv('INK_SCREEN_READER', keys === secret ? 'true' : '');
      const { type, text, frames } = open();
      await type(keys);
      expect(text()).toMatch(/belongs (one field down|into Value)/);
      expect(frames.all.join()).not.toContain(secret.slice(0, 8));
      await type(ctrlU);
      expect(text()).not.toContain('belongs');
    }
  });

  it('does not draw a seed, which is in capitals, when it is pasted', async () => {
    const { type, text, frames } = open();
    await type(paste('JBSWY3DPEHPK3PXPJBSW'));
    expect(text()).toContain('belongs into Value');
    expect(frames.all.join()).not.toContain('JBSWY3DP');
  });

  it.each(['\t\t', '\t\t\t', '\t\t\t\t', '\t\t\t\t\t', '\t\u000f'])(
    'never draws a credential in another field, %j away',
    async (keys) => {
      const secret = 'sk-ant-api03-AbCdEf0123456789';
      for (const typed of [paste(secret), secret]) {
        const { type, text, frames } = open();
        await type(keys);
        await type(typed);
        if (typed !== secret) expect(text()).toContain('belongs into Value');
        expect(frames.all.join()).not.toContain(secret.slice(0, 8));
      }
    },
  );

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

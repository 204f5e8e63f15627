import { describe, expect, it } from 'vitest';
import { widthOf } from '../../table/cell.ts';
import { type KeyPress, key } from '../../terminal/input.ts';
import { createTheme } from '../../theme/theme.ts';
import { type FilledIn, SecretForm } from './secret-form.ts';

const theme = createTheme({ colours: 256, ground: 'dark', unicode: true });

function open(submit: (filledIn: FilledIn) => Promise<void> = async () => undefined) {
  const dismissed: SecretForm[] = [];
  const form = new SecretForm({
    title: 'Store a secret',
    fields: ['key', 'gateway', 'agent', 'category', 'note', 'value'],
    start: { gateway: 'primary' },
    submit,
    dismiss: (done) => dismissed.push(done),
    changed: () => undefined,
  });
  const type = (text: string): void => {
    for (const letter of text) form.press(key(letter, letter));
  };
  const press = (...names: string[]): void => {
    for (const name of names) form.press(key(name));
  };
  const shown = (width = 80): string => form.draw({ width, height: 24 }, theme).lines.join('\n');
  return { form, dismissed, type, press, shown };
}

describe('the form of a secret', () => {
  it('hands in what was filled in, and asks to be dismissed', async () => {
    const handedIn: FilledIn[] = [];
    const { form, dismissed, type, press } = open(async (filledIn) => {
      handedIn.push(filledIn);
    });
    type('TOKEN');
    press('tab', 'tab');
    type('ada');
    press('tab', 'right', 'tab');
    type('a note');
    press('enter');
    type('hush');
    press('enter');
    await Promise.resolve();
    expect(handedIn).toEqual([
      {
        key: 'TOKEN',
        gateway: 'primary',
        agent: 'ada',
        category: 'channel',
        note: 'a note',
        value: { typed: 'hush' },
      },
    ]);
    await Promise.resolve();
    expect(dismissed).toEqual([form]);
  });

  it('shows and says nothing of the value but how much it is', () => {
    const { form, type, press, shown } = open();
    press('shift-tab');
    type('hush-hush');
    form.press({ type: 'paste', text: '\r\nsecond\rthird' });
    for (const told of [shown(), form.spoken.join('\n')]) {
      expect(told).toContain('22 characters in 3 lines');
      expect(told).not.toMatch(/hush|second|third/);
    }
    press('ctrl-u');
    expect(shown()).toContain('nothing yet');
  });

  it('keeps everything when it does not get through, and takes no key meanwhile', async () => {
    let fail: (error: Error) => void = () => undefined;
    const { form, type, press, shown, dismissed } = open(
      () =>
        new Promise((_resolve, reject) => {
          fail = reject;
        }),
    );
    press('shift-tab');
    type('hush');
    press('enter');
    type('more');
    expect(form.press(key('escape'))).toBe('stay');
    expect(shown()).toContain('Sending');
    fail(new Error('The line is down.'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(shown()).toContain('The line is down.');
    expect(shown()).toContain('4 characters');
    expect(dismissed).toEqual([]);
  });

  it('is left at once when nothing was typed, and by two keys otherwise', () => {
    const leave: KeyPress = key('escape');
    expect(open().form.press(leave)).toBe('close');
    const { form, type } = open();
    type('T');
    expect(form.press(leave)).toBe('stay');
    expect(form.press(leave)).toBe('close');
  });

  it('draws every line equally wide, also in a narrow room', () => {
    for (const width of [60, 80, 200]) {
      const { form } = open();
      const drawn = form.draw({ width, height: 20 }, theme);
      for (const line of drawn.lines) expect(widthOf(line)).toBe(drawn.width);
      expect(drawn.width).toBeLessThanOrEqual(width);
    }
  });
});

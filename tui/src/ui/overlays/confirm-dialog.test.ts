import { describe, expect, it } from 'vitest';
import { widthOf } from '../../table/cell.ts';
import { key } from '../../terminal/input.ts';
import { createTheme } from '../../theme/theme.ts';
import { ConfirmDialog } from './confirm-dialog.ts';

function ask(typedName: string | null = null): { dialog: ConfirmDialog; confirmed: () => number } {
  let times = 0;
  const dialog = new ConfirmDialog({
    title: 'Restart the gateway',
    sentences: ['primary stops answering for a moment.'],
    yes: 'Restart',
    typedName,
    confirmed: () => {
      times++;
    },
  });
  return { dialog, confirmed: () => times };
}

describe('a confirmation', () => {
  it('starts on Cancel', () => {
    const { dialog, confirmed } = ask();
    expect(dialog.press(key('enter'))).toBe('close');
    expect(confirmed()).toBe(0);
  });

  it('goes through only by choosing the button', () => {
    const { dialog, confirmed } = ask();
    for (const letter of 'yYrR ') expect(dialog.press(key(letter, letter))).toBe('stay');
    expect(confirmed()).toBe(0);
    dialog.press(key('tab'));
    expect(dialog.press(key('enter'))).toBe('close');
    expect(confirmed()).toBe(1);
  });

  it('is cancelled by escape and by ctrl-c', () => {
    for (const name of ['escape', 'ctrl-c']) {
      const { dialog, confirmed } = ask();
      dialog.press(key('tab'));
      expect(dialog.press(key(name))).toBe('close');
      expect(confirmed()).toBe(0);
    }
  });

  it('wants the exact name before something is destroyed', () => {
    const { dialog, confirmed } = ask('primary');
    dialog.press(key('tab'));
    expect(dialog.press(key('enter'))).toBe('stay');
    for (const letter of 'primar') dialog.press(key(letter, letter));
    expect(dialog.press(key('enter'))).toBe('stay');
    expect(confirmed()).toBe(0);
    dialog.press(key('y', 'y'));
    expect(dialog.press(key('enter'))).toBe('close');
    expect(confirmed()).toBe(1);
  });

  it('goes to the button by enter behind the whole name, and through with it by another', () => {
    const { dialog, confirmed } = ask('primary');
    for (const letter of 'primary') dialog.press(key(letter, letter));
    expect(dialog.press(key('enter'))).toBe('stay');
    expect(confirmed()).toBe(0);
    expect(dialog.press(key('enter'))).toBe('close');
    expect(confirmed()).toBe(1);
  });

  it('stays cancelled where the name was typed and Cancel was chosen', () => {
    const { dialog, confirmed } = ask('primary');
    for (const letter of 'primary') dialog.press(key(letter, letter));
    dialog.press(key('tab'));
    dialog.press(key('tab'));
    expect(dialog.press(key('enter'))).toBe('close');
    expect(confirmed()).toBe(0);
  });

  it('draws every line equally wide, also in a narrow room', () => {
    const theme = createTheme({ colours: 256, ground: 'dark', unicode: true });
    for (const width of [40, 80, 200]) {
      const drawn = ask('primary').dialog.draw({ width, height: 20 }, theme);
      for (const line of drawn.lines) expect(widthOf(line)).toBe(drawn.width);
      expect(drawn.width).toBeLessThanOrEqual(width);
    }
  });
});

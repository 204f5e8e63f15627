import { describe, expect, it } from 'vitest';
import { key } from '../terminal/input.ts';
import { Keyboard, type UserInput } from './keyboard.ts';

function recorder(keyboard: Keyboard, level: 'app' | 'screen' | 'prompt' | 'dialog' | 'form', wants = /./) {
  const keys: string[] = [];
  const handle = (input: UserInput): boolean => {
    if (input.type !== 'key' || !wants.test(input.name)) return false;
    keys.push(input.name);
    return true;
  };
  return { keys, remove: keyboard.add({ level, handle }) };
}

async function press(keyboard: Keyboard, ...names: string[]): Promise<void> {
  for (const name of names) keyboard.press(key(name));
  await keyboard.idle();
}

describe('the keyboard', () => {
  it('offers a key to the highest layer first, and to those below where it has no use for it', async () => {
    const keyboard = new Keyboard();
    const [app, screen] = [recorder(keyboard, 'app'), recorder(keyboard, 'screen', /j/)];
    await press(keyboard, 'j', 'q');
    expect([screen.keys, app.keys]).toEqual([['j'], ['q']]);
  });

  it('keeps every key from the layers below a dialog', async () => {
    const keyboard = new Keyboard();
    const [app, dialog] = [recorder(keyboard, 'app'), recorder(keyboard, 'dialog', /escape/)];
    await press(keyboard, 'j', 'escape');
    expect([dialog.keys, app.keys]).toEqual([['escape'], []]);
    dialog.remove();
    await press(keyboard, 'j');
    expect(app.keys).toEqual(['j']);
  });

  it('takes keys after the one that closed a dialog came again', async () => {
    const keyboard = new Keyboard();
    const app = recorder(keyboard, 'app');
    const remove = keyboard.add({
      level: 'dialog',
      handle: () => {
        queueMicrotask(() => remove());
        return true;
      },
    });
    await press(keyboard, 'escape');
    // On its own, as a person presses it: nothing else waits in the queue.
    await press(keyboard, 'escape');
    expect(app.keys).toEqual([]);
    await press(keyboard, 'j');
    expect(app.keys).toEqual(['j']);
  });

  it('gives the next key to the layer that the last one added', async () => {
    const keyboard = new Keyboard();
    const prompt: string[] = [];
    keyboard.add({
      level: 'screen',
      handle: () => {
        // As React does: the component mounts after the handler has returned.
        queueMicrotask(() => {
          keyboard.add({
            level: 'prompt',
            handle: (input) => prompt.push(input.type === 'key' ? input.name : '') > 0,
          });
        });
        return true;
      },
    });
    await press(keyboard, '/', '4', '9', '9');
    expect(prompt).toEqual(['4', '9', '9']);
  });

  it('gives many characters that arrive together to a prompt as one paste, and the key behind them after it', async () => {
    const keyboard = new Keyboard();
    const inputs: UserInput[] = [];
    keyboard.add({ level: 'prompt', handle: (input) => inputs.push(input) > 0 });
    for (const letter of 'x'.repeat(10_000)) keyboard.press(key(letter, letter));
    keyboard.press(key('escape'));
    await keyboard.idle();
    // The first one is handled before the others are known.
    expect(inputs).toEqual([key('x', 'x'), { type: 'paste', text: 'x'.repeat(9_999) }, key('escape')]);
  });

  it('takes alt and a key for escape and the key, except in a form', async () => {
    const keyboard = new Keyboard();
    const app = recorder(keyboard, 'app');
    await press(keyboard, 'alt-4', 'j');
    expect(app.keys).toEqual(['escape', '4', 'j']);
    const form = recorder(keyboard, 'form');
    await press(keyboard, 'alt-4');
    expect(form.keys).toEqual(['alt-4']);
  });

  it('drops what was not handled yet when the terminal is lent', async () => {
    const keyboard = new Keyboard();
    const app = recorder(keyboard, 'app');
    for (const name of ['a', 'b', 'c']) keyboard.press(key(name));
    keyboard.clear();
    await keyboard.idle();
    expect(app.keys).toEqual(['a']);
  });
});

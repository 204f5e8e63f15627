import { describe, expect, it } from 'vitest';
import { groundFromEnvironment, readBackground } from './background.ts';
import { colourDepth, prefersUtf8, readCapability, whyNotHere } from './capability.ts';
import { copySequence, mostBytes } from './clipboard.ts';

describe('the ground of the terminal', () => {
  it('is read from its answer with any number of digits', () => {
    expect(readBackground('11;rgb:1e1e/1e1e/1e1e')).toBe('dark');
    expect(readBackground('11;rgb:ffff/ffff/ffff')).toBe('light');
    expect(readBackground('11;rgb:fd/f6/e3')).toBe('light');
    expect(readBackground('11;rgba:0/0/0/f')).toBe('dark');
    expect(readBackground('10;rgb:ffff/ffff/ffff')).toBeNull();
    expect(readBackground('11;?')).toBeNull();
  });

  it('can be decided by the operator, and guessed from COLORFGBG', () => {
    expect(groundFromEnvironment({ HQ_BACKGROUND: 'light', COLORFGBG: '15;0' })).toEqual({
      ground: 'light',
      decided: true,
    });
    expect(groundFromEnvironment({ COLORFGBG: '0;default;15' })).toEqual({ ground: 'light', decided: false });
    expect(groundFromEnvironment({ COLORFGBG: '15;0' })).toEqual({ ground: 'dark', decided: false });
    expect(groundFromEnvironment({})).toEqual({ ground: null, decided: false });
  });
});

describe('what the terminal can do', () => {
  it('has no colours under NO_COLOR, whatever else is set', () => {
    expect(colourDepth({ NO_COLOR: '1', FORCE_COLOR: '3', TERM: 'xterm-256color' })).toBe(0);
    expect(colourDepth({ NO_COLOR: '', TERM: 'xterm-256color' })).toBe(256);
    expect(colourDepth({ TERM: 'xterm' })).toBe(16);
    expect(colourDepth({ TERM: 'xterm', COLORTERM: 'truecolor' })).toBe(256);
  });

  it('falls back to ASCII where the locale has no UTF-8', () => {
    expect(readCapability({ LANG: 'C' }).unicode).toBe(false);
    expect(readCapability({ LANG: 'de_DE.UTF-8' }).unicode).toBe(true);
    expect(readCapability({ LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }).unicode).toBe(false);
    expect(readCapability({}).unicode).toBe(true);
    expect(readCapability({ TERM: 'linux', LANG: 'en_US.UTF-8' }).unicode).toBe(false);
    expect(prefersUtf8({}, 'linux')).toBe(false);
    expect(prefersUtf8({}, 'win32')).toBe(true);
  });

  it('says why a screen cannot be drawn', () => {
    const tty = { isTTY: true };
    expect(whyNotHere({ TERM: 'xterm' }, tty, tty)).toBeNull();
    expect(whyNotHere({ TERM: 'xterm', CI: '1' }, tty, tty)).toBeNull();
    expect(whyNotHere({ TERM: 'dumb' }, tty, tty)).toContain('TERM=dumb');
    expect(whyNotHere({ TERM: 'xterm' }, {}, tty)).toContain('input');
    expect(whyNotHere({ TERM: 'xterm' }, tty, {})).toContain('output');
  });
});

describe('copying', () => {
  it('writes OSC 52, wrapped inside tmux', () => {
    expect(copySequence('hq', false)).toEqual({ sequence: '\u001b]52;c;aHE=\u0007', bytes: 2, cut: false });
    expect(copySequence('hq', true).sequence).toBe('\u001bPtmux;\u001b\u001b]52;c;aHE=\u0007\u001b\\');
  });

  it('cuts what is too long between two characters and says so', () => {
    const copy = copySequence('字'.repeat(mostBytes), false);
    expect(copy.cut).toBe(true);
    expect(copy.bytes).toBeLessThanOrEqual(mostBytes);
    const payload = copy.sequence.slice('\u001b]52;c;'.length, -1);
    expect(Buffer.from(payload, 'base64').toString('utf8')).toMatch(/^字+$/);
  });
});

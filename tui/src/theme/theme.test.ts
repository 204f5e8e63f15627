import { describe, expect, it } from 'vitest';
import { createTheme, type Mark, palettes, tones } from './theme.ts';

/** The xterm defaults, which are the hardest of the usual palettes on black. */
const ansi: Readonly<Record<string, readonly [number, number, number]>> = {
  31: [205, 0, 0],
  32: [0, 205, 0],
  33: [205, 205, 0],
  34: [0, 0, 238],
  35: [205, 0, 205],
  36: [0, 205, 205],
  39: [0, 0, 0],
  91: [255, 0, 0],
};

function rgb(parameters: string): readonly [number, number, number] {
  const indexed = /^38;5;(\d+)$/.exec(parameters)?.[1];
  if (indexed === undefined) return ansi[parameters] ?? [0, 0, 0];
  const cube = Number(indexed) - 16;
  const level = (step: number): number => (step === 0 ? 0 : 55 + step * 40);
  return [level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6)];
}

function luminance(colour: readonly [number, number, number]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((channel) => {
    const part = channel / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: readonly [number, number, number], b: readonly [number, number, number]): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const sgrOf = (text: string): string[] =>
  text
    .split('\u001b[')
    .slice(1)
    .map((part) => part.split('m')[0] ?? '');

describe('the theme', () => {
  it('is readable on dark ground, on plain rows and on the selected one', () => {
    for (const [tone, code] of Object.entries(palettes.dark)) {
      expect.soft(contrast(rgb(code), [0, 0, 0]), tone).toBeGreaterThanOrEqual(4.5);
    }
  });

  it('is readable on white and on the selected row of a light ground', () => {
    for (const [tone, code] of Object.entries({ ...palettes.light256 })) {
      expect.soft(contrast(rgb(code), [255, 255, 255]), tone).toBeGreaterThanOrEqual(4.5);
      expect.soft(contrast(rgb(code), [228, 228, 228]), `${tone}, selected`).toBeGreaterThanOrEqual(3.5);
    }
    for (const [tone, code] of Object.entries({ ...palettes.light16 })) {
      expect.soft(contrast(rgb(code), [255, 255, 255]), tone).toBeGreaterThanOrEqual(3.8);
    }
  });

  it('writes no colour at all without colours, and keeps bold, dim and reverse', () => {
    const theme = createTheme({ colours: 0, ground: 'dark', unicode: true });
    const all = theme.select(tones.map((tone) => theme.paint(tone, 'x')).join(''));
    expect(new Set(sgrOf(all))).toEqual(new Set(['1', '2', '22', '7', '27']));
  });

  it('ends each tone without ending the tone of its row', () => {
    for (const colours of [0, 16, 256] as const) {
      const theme = createTheme({ colours, ground: 'light', unicode: true });
      for (const tone of tones) {
        for (const code of sgrOf(theme.paint(tone, 'x'))) expect(['0', '', '49', '27']).not.toContain(code);
      }
    }
  });

  it('gives each state a mark of its own, in ASCII too', () => {
    const all: Mark[] = ['good', 'busy', 'warn', 'bad', 'off', 'none'];
    for (const unicode of [true, false]) {
      const theme = createTheme({ colours: 16, ground: null, unicode });
      expect(new Set(all.map(theme.mark)).size).toBe(all.length);
    }
  });
});

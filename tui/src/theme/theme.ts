import type { Ground } from '../terminal/background.ts';
import type { ColourDepth } from '../terminal/capability.ts';

/** The meanings of colours; nothing is coloured for its own sake. */
export const tones = ['good', 'busy', 'warn', 'bad', 'off', 'dim', 'strong', 'accent', 'plain'] as const;
export type Tone = (typeof tones)[number];

/** The states that have a mark of their own shape, so that no colour is needed to tell them apart. */
export const marks = ['good', 'busy', 'warn', 'bad', 'off', 'none'] as const;
export type Mark = (typeof marks)[number];

export interface Theme {
  readonly colours: ColourDepth;
  readonly ground: Ground | null;
  readonly unicode: boolean;
  /** Puts a tone around a text and changes nothing beside it. */
  readonly paint: (tone: Tone, text: string) => string;
  readonly mark: (mark: Mark) => string;
  /** The whole selected row, its inner tones included. */
  readonly select: (line: string) => string;
  readonly rule: string;
  readonly bar: string;
  readonly crumb: string;
  /** Before the button that enter presses. */
  readonly pointer: string;
  readonly up: string;
  readonly down: string;
  readonly ellipsis: string;
}

interface Pair {
  readonly on: string;
  readonly off: string;
}

/** SGR parameters of the colours of each ground and depth. Tests hold their contrast on that ground. */
export const palettes = {
  dark: { good: '32', busy: '36', warn: '33', bad: '91', accent: '36' },
  light256: { good: '38;5;22', busy: '38;5;25', warn: '38;5;130', bad: '38;5;124', accent: '38;5;25' },
  light16: { good: '39', busy: '34', warn: '35', bad: '31', accent: '34' },
} as const;

const signs: Readonly<Record<Mark, readonly [unicode: string, ascii: string]>> = {
  good: ['●', '*'],
  busy: ['◐', '~'],
  warn: ['▲', '!'],
  bad: ['✕', 'x'],
  off: ['‖', '='],
  none: ['·', '.'],
};

export function createTheme(options: {
  readonly colours: ColourDepth;
  readonly ground: Ground | null;
  readonly unicode: boolean;
}): Theme {
  const { colours, ground, unicode } = options;
  const light = colours === 256 ? palettes.light256 : palettes.light16;
  const palette = ground === 'light' ? light : palettes.dark;
  const colour = (code: string): Pair =>
    colours === 0 ? { on: '', off: '' } : { on: sgr(code), off: sgr('39') };
  const pairs: Readonly<Record<Tone, Pair>> = {
    good: colour(palette.good),
    busy: colour(palette.busy),
    warn: colour(palette.warn),
    bad: colour(palette.bad),
    accent: colour(palette.accent),
    off: { on: '', off: '' },
    dim: { on: sgr('2'), off: sgr('22') },
    strong: { on: sgr('1'), off: sgr('22') },
    plain: { on: '', off: '' },
  };
  const tinted = colours === 256 && ground !== null;
  const selected: Pair = tinted
    ? { on: sgr(ground === 'light' ? '48;5;254' : '48;5;237'), off: sgr('49') }
    : { on: sgr('7'), off: sgr('27') };
  return {
    colours,
    ground,
    unicode,
    paint: (tone, text) => (text === '' ? '' : pairs[tone].on + text + pairs[tone].off),
    mark: (mark) => signs[mark][unicode ? 0 : 1],
    select: (line) => selected.on + line + selected.off,
    rule: unicode ? '─' : '-',
    bar: unicode ? '▌' : '>',
    crumb: unicode ? '›' : '>',
    pointer: unicode ? '▸' : '>',
    up: unicode ? '↑' : '^',
    down: unicode ? '↓' : 'v',
    ellipsis: unicode ? '…' : '~',
  };
}

function sgr(parameters: string): string {
  return `\u001b[${parameters}m`;
}

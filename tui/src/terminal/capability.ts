/** The number of colours that the terminal is given; 0 is NO_COLOR. */
export type ColourDepth = 0 | 16 | 256;

export interface Capability {
  readonly colours: ColourDepth;
  /** True where marks and rules beyond ASCII can be shown. */
  readonly unicode: boolean;
  readonly insideTmux: boolean;
}

export function colourDepth(env: NodeJS.ProcessEnv): ColourDepth {
  // The convention at no-color.org: present and not empty, whatever its value.
  if (env.NO_COLOR) return 0;
  const term = env.TERM ?? '';
  if (term === 'dumb') return 0;
  const rich = /256color|truecolor|direct|kitty|alacritty|ghostty|wezterm|foot/.test(term);
  return rich || /truecolor|24bit/.test(env.COLORTERM ?? '') ? 256 : 16;
}

/** False where the locale, such as C, has ASCII alone. */
export function hasUtf8(env: NodeJS.ProcessEnv): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  // No locale at all is what a bare container has; its terminal is on the other side and nearly always speaks UTF-8.
  return locale === '' || /utf-?8/i.test(locale);
}

export function readCapability(env: NodeJS.ProcessEnv): Capability {
  return {
    colours: colourDepth(env),
    unicode: hasUtf8(env) && env.TERM !== 'linux',
    insideTmux: Boolean(env.TMUX),
  };
}

/** Returns the reason why screens cannot open here, as a sentence; null where they can. */
export function whyNotHere(
  env: NodeJS.ProcessEnv,
  input: { readonly isTTY?: boolean },
  output: { readonly isTTY?: boolean },
): string | null {
  if (!input.isTTY) return 'Standard input is not a terminal.';
  if (!output.isTTY) return 'Standard output is not a terminal.';
  if (env.TERM === 'dumb') return 'This terminal (TERM=dumb) cannot draw a screen.';
  return null;
}

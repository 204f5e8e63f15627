export type Ground = 'dark' | 'light';

/** Asks the terminal for its background; the answer comes as input. Inside tmux it is tmux that answers. */
export const askBackground = '\u001b]11;?\u001b\\';

/** Reads `11;rgb:RRRR/GGGG/BBBB` (one to four digits a channel); null when it is something else. */
export function readBackground(reply: string): Ground | null {
  const match = /^11;rgba?:([0-9a-f]{1,4})\/([0-9a-f]{1,4})\/([0-9a-f]{1,4})/i.exec(reply);
  if (match === null) return null;
  const [red = 0, green = 0, blue = 0] = match
    .slice(1)
    .map((digits) => Number.parseInt(digits, 16) / (16 ** digits.length - 1));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5 ? 'light' : 'dark';
}

/** Reads the ground from the environment, before or instead of the terminal's own answer. */
export function groundFromEnvironment(env: NodeJS.ProcessEnv): { ground: Ground | null; decided: boolean } {
  const wish = env.HQ_BACKGROUND;
  if (wish === 'light' || wish === 'dark') return { ground: wish, decided: true };
  // rxvt and its kin: "foreground;background" as ANSI numbers, the last part being the background.
  const background = /(?:^|;)(\d+)$/.exec(env.COLORFGBG ?? '')?.[1];
  if (background === undefined) return { ground: null, decided: false };
  const number = Number(background);
  return { ground: number === 7 || number === 15 ? 'light' : 'dark', decided: false };
}

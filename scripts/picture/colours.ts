/** The sixteen named colours of a picture; a reader's own terminal has others. */
const named = [
  '#23262e',
  '#e06c75',
  '#8cc570',
  '#d9b45f',
  '#6ea8e5',
  '#c08ae0',
  '#5fbfc5',
  '#d6d9e0',
  '#6b7280',
  '#f07178',
  '#a5d98a',
  '#eccb7a',
  '#8dbef2',
  '#d3a6ee',
  '#80d6da',
  '#ffffff',
] as const;

export const background = '#15171c';
export const foreground = '#d6d9e0';

/** Returns the colour of an entry of the 256-colour palette. */
export function paletteColour(index: number): string {
  const name = named[index];
  if (name !== undefined) return name;
  if (index >= 232) return hex([0, 0, 0].map(() => 8 + (index - 232) * 10));
  const cube = index - 16;
  const steps = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6];
  return hex(steps.map((step) => (step === 0 ? 0 : 55 + step * 40)));
}

function hex(levels: readonly number[]): string {
  return `#${levels.map((level) => level.toString(16).padStart(2, '0')).join('')}`;
}

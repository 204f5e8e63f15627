/** Measured number with its target. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly target: string;
  readonly isMet: boolean;
}

/** Returns a figure that must not exceed a limit, in one unit. */
export function atMost(what: string, value: number, limit: number, unit: string, digits = 0): Figure {
  return {
    what,
    measured: `${value.toFixed(digits)} ${unit}`,
    target: `≤ ${Number(limit.toFixed(2))} ${unit}`,
    isMet: value <= limit,
  };
}

export function atLeast(what: string, value: number, limit: number, unit: string, digits = 0): Figure {
  return {
    what,
    measured: `${value.toFixed(digits)} ${unit}`,
    target: `≥ ${Number(limit.toFixed(2))} ${unit}`,
    isMet: value >= limit,
  };
}

/** Returns a figure without a target. */
export function noted(what: string, measured: string): Figure {
  return { what, measured, target: '', isMet: true };
}

export function formatTable(title: string, figures: readonly Figure[]): string {
  const widths = [
    Math.max(...figures.map(({ what }) => what.length)),
    Math.max(...figures.map(({ measured }) => measured.length)),
    Math.max(...figures.map(({ target }) => target.length)),
  ] as const;
  const lines = figures.map(({ what, measured, target, isMet }) =>
    [what.padEnd(widths[0]), measured.padStart(widths[1]), target.padEnd(widths[2]), isMet ? '' : 'MISSED']
      .join('  ')
      .trimEnd(),
  );
  return `${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

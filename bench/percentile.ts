/** Returns the value at the given share (0..1) of the sorted samples, by the nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new Error('no samples were taken');
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  return value ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

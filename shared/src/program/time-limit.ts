/** Stands for the result of work that has not ended in time. */
export const timedOut = Symbol('timed out');

/** Returns the result of the work, or `timedOut` after the limit. The work itself goes on. */
export async function withinLimit<Result>(
  limitMs: number,
  work: PromiseLike<Result>,
): Promise<Result | typeof timedOut> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof timedOut>((resolve) => {
    timer = setTimeout(resolve, limitMs, timedOut);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

import { unansweredError } from './database-error.ts';

/** What comes of the work, or `unreachable` where nothing comes of it in time. */
export async function withTimeout<Result>(
  limitMs: number,
  work: PromiseLike<Result>,
  host: string,
): Promise<Result> {
  let limit: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    limit = setTimeout(() => reject(unansweredError('timed out', host)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(limit);
  }
}

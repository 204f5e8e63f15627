import { createHash } from 'node:crypto';
import { readPrivate, writePrivate } from '@hq/shared/program';
import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

const start = z.object({
  at: z.iso.datetime(),
  /** Hash of the configuration: a start after a repair is no repetition. */
  config: z.string(),
});
const record = z.object({ starts: z.array(start) });
type Start = z.output<typeof start>;

const windowMs = 15 * 60_000;
const freeStarts = 4;
const firstWaitMs = 60_000;
const longestWaitMs = 15 * 60_000;

/** Milliseconds that a start has to wait after these starts, which ended without a request to stop. */
export function waitBeforeStart(starts: readonly Start[], config: string, nowMs: number): number {
  const same = starts.filter((one) => one.config === config && nowMs - Date.parse(one.at) < windowMs);
  if (same.length < freeStarts) return 0;
  return Math.min(longestWaitMs, firstWaitMs * 2 ** (same.length - freeStarts));
}

const reportedEnds = 3;
/** Milliseconds that OpenClaw has to run until its earlier ends are no problem any more. */
const stableMs = 2 * 60_000;

export interface RunState {
  /** The start of this process: earlier starts have ended. Epoch milliseconds, as the others. */
  readonly startedAt: number;
  /** Null until OpenClaw is ready. */
  readonly readySince: number | null;
  /** True while OpenClaw keeps chat channels off after unclean starts. */
  readonly areChannelsOff: boolean;
}

/** Returns what is wrong while OpenClaw keeps ending by itself or has its channels off for that; null where nothing is. */
export function restartProblem(
  starts: readonly Start[],
  { startedAt, readySince, areChannelsOff }: RunState,
  nowMs: number,
): string | null {
  const off = areChannelsOff
    ? 'OpenClaw keeps chat channels off, because its last starts ended uncleanly; it starts them after five minutes without another end.'
    : null;
  const ended = starts.filter(({ at }) => {
    const startMs = Date.parse(at);
    return startMs < startedAt && nowMs - startMs < windowMs;
  }).length;
  const isStable = readySince !== null && nowMs - readySince >= stableMs;
  if (ended < reportedEnds || isStable) return off;
  const restarts = `OpenClaw ended by itself ${ended} times within 15 minutes; the gateway’s log says why.`;
  return off === null ? restarts : `${restarts} ${off}`;
}

/** Returns a hash of a configuration without the part that OpenClaw changes by itself. */
export function hashOfConfig(text: string): string {
  const parsed = z.looseObject({ meta: z.unknown() }).safeParse(parseJson(text));
  const content = parsed.success ? JSON.stringify({ ...parsed.data, meta: undefined }) : text;
  return createHash('sha256').update(content).digest('hex');
}

/** File with the starts of the last 15 minutes that did not end by a request. */
export class RecentStarts {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  async read(): Promise<readonly Start[]> {
    // A truncated or edited file counts no starts.
    const parsed = record.safeParse(parseJson((await readPrivate(this.#file)) ?? ''));
    return parsed.success ? parsed.data.starts : [];
  }

  async add(config: string, nowMs: number): Promise<void> {
    const recent = (await this.read()).filter(({ at }) => nowMs - Date.parse(at) < windowMs);
    const starts: readonly Start[] = [...recent, { at: new Date(nowMs).toISOString(), config }];
    await writePrivate(this.#file, `${JSON.stringify({ starts })}\n`);
  }

  /** Forgets all starts, because this one ends by a request. */
  async clear(): Promise<void> {
    await writePrivate(this.#file, `${JSON.stringify({ starts: [] })}\n`);
  }
}

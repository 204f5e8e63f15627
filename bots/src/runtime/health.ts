import { logOutput } from '@hq/shared/log';
import { ago, isoTime } from '@hq/shared/text';
import type { Services } from '../core/commands/command.ts';
import type { PlatformRuntime } from './platform-runtime.ts';

export type HealthAnswer = ReturnType<typeof buildHealth>;

/** Milliseconds without an answer of the database: three heartbeats. */
const failingAfterMs = 35_000;

export function buildHealth(
  runtimes: readonly PlatformRuntime[],
  unsent: (runtime: PlatformRuntime) => number,
  { lastAnswerAt, isStopping }: { readonly lastAnswerAt: number; readonly isStopping: boolean },
) {
  const adapters = runtimes.map((runtime) => {
    const { state, detail, lastInboundAt, lastOutboundAt } = runtime.adapter.health();
    return {
      platform: runtime.platform,
      state: runtime.isLeased ? state : 'standby',
      detail: runtime.refusal ?? (runtime.isLeased ? detail : describeStandby(runtime)),
      connected: state === 'connected',
      lastInboundAt: isoTime(lastInboundAt),
      lastOutboundAt: isoTime(lastOutboundAt),
      /** True if this process uses the token; another process with the same token stands by. */
      held: runtime.isLeased,
      crashes: runtime.adapter.crashes(),
      unsent: unsent(runtime),
    };
  });
  const reachable = Date.now() - lastAnswerAt < failingAfterMs;
  const isFailing = !reachable || adapters.some(({ held, connected }) => held && !connected);
  return {
    /** `failing` when an adapter that should be connected is not, or the database does not answer; 503 goes with it. */
    status: isStopping ? 'stopping' : isFailing ? 'failing' : 'ok',
    database: { reachable, lastAnswerAt: isoTime(lastAnswerAt === 0 ? null : lastAnswerAt) },
    adapters,
    /** Reason why lines of the log are lost; null while none is. */
    log: logOutput.problem(),
  };
}

function describeStandby({ leasedElsewhereUntil }: PlatformRuntime): string {
  if (leasedElsewhereUntil === null) return 'It is not known yet whether another process uses this token.';
  const seconds = Math.max(0, Math.ceil((leasedElsewhereUntil - Date.now()) / 1000));
  return `Another process uses this token; this one takes over in ${seconds} s if the other one ends.`;
}

/** The same as lines for `doctor`. */
export function healthLines({ database, adapters, log }: HealthAnswer): ReturnType<Services['health']> {
  return [
    {
      label: 'Database',
      value: database.reachable ? 'reachable' : `last answer ${sinceThen(database.lastAnswerAt)}`,
      ok: database.reachable,
    },
    ...adapters.map((adapter) => ({
      label: adapter.platform,
      value: [
        adapter.detail === null ? adapter.state : `${adapter.state}: ${adapter.detail}`,
        `last message in ${sinceThen(adapter.lastInboundAt)}`,
        `last message out ${sinceThen(adapter.lastOutboundAt)}`,
        ...(adapter.unsent > 0 ? [`${adapter.unsent} waiting`] : []),
        ...(adapter.crashes > 0
          ? [`started again ${adapter.crashes === 1 ? 'once' : `${adapter.crashes} times`}`]
          : []),
      ].join(', '),
      ok: !adapter.held || adapter.connected,
    })),
    ...(log === null ? [] : [{ label: 'Log', value: log, ok: false }]),
  ];
}

function sinceThen(moment: string | null): string {
  if (moment === null) return 'never';
  return ago(Date.now() - Date.parse(moment));
}

import { gatewayCondition, needsAttention } from '@hq/shared/fleet';
import type { GatewayRow } from '@hq/shared/rows';
import { agoOf } from '@hq/shared/text';

/** `warn`: works with a limit. `fail`: does not work. */
export type CheckState = 'ok' | 'warn' | 'fail';

/** Result of looking at one thing. */
export interface Check {
  /** The subject: `hq`, `clock`, or the slug of a gateway. */
  readonly about: string;
  readonly state: CheckState;
  readonly finding: string;
  /** The next step; null where nothing is to do. */
  readonly remedy: string | null;
}

const check = (about: string, state: CheckState, finding: string, remedy: string | null = null): Check => ({
  about,
  state,
  finding,
  remedy,
});

/** Clocks that differ by less are alike. */
const clockToleranceMs = 5_000;

/** Checks this machine's clock; the offset is milliseconds that the database is ahead. */
export function checkClock(offsetMs: number | null): Check {
  const seconds = Math.round(Math.abs(offsetMs ?? 0) / 1000);
  if (Math.abs(offsetMs ?? 0) < clockToleranceMs) return check('clock', 'ok', 'as the database’s');
  const direction = (offsetMs ?? 0) > 0 ? 'behind' : 'ahead of';
  return check(
    'clock',
    'warn',
    `${seconds} s ${direction} the database’s`,
    'Ages are shown by the database’s clock. Set this machine’s clock, for example by NTP.',
  );
}

/** Checks what a gateway reported. `databaseNow` is epoch milliseconds. */
export function checkGateway(gateway: GatewayRow, databaseNow: number): readonly Check[] {
  const { slug, meta, last_seen_at } = gateway;
  const problems = needsAttention(
    { gateways: [gateway], agents: [], health: [], commands: [], notifications: [] },
    databaseNow,
  );
  if (problems.length > 0)
    return problems.map(({ reason, kind }) =>
      check(slug, 'fail', reason, remedies[kind === 'stale-gateway' ? kind : 'other']),
    );
  const condition = gatewayCondition(gateway, databaseNow);
  const { length } = meta.services ?? [];
  const services = `${length} ${length === 1 ? 'service' : 'services'}`;
  return [
    check(
      slug,
      condition === 'healthy' ? 'ok' : 'warn',
      `${condition}, seen ${agoOf(last_seen_at, databaseNow)}, ${services}`,
    ),
    ...checkSecrets(gateway),
    ...checkConfinement(gateway),
  ];
}

const remedies = {
  'stale-gateway': 'Look at the runner on its host: is it running, and does it reach the database?',
  other: 'Read its log: `hq-tui run tail_logs --gateway NAME --wait`.',
} as const;

function checkSecrets({ slug, meta: { secrets } }: GatewayRow): readonly Check[] {
  if (secrets === undefined) return [];
  if (secrets.state === 'ok') return [check(slug, 'ok', 'its secrets are on its disk')];
  return [
    check(
      slug,
      secrets.state === 'error' ? 'fail' : 'warn',
      `its secrets are ${secrets.state === 'error' ? 'not' : 'not all'} on its disk: ${secrets.problem ?? 'no reason was reported'}`,
      '`hq-tui secrets list` names the secret.',
    ),
  ];
}

function checkConfinement({ slug, meta: { confinement } }: GatewayRow): readonly Check[] {
  if (!confinement) return [];
  const off = confinement.findings.filter(({ isThere }) => !isThere);
  if (off.length === 0)
    return [check(slug, 'ok', 'its agents run commands and a browser in jails of their own')];
  const limit = confinement.exec
    ? 'agents have no browser'
    : 'agents cannot run commands, and have no browser';
  return off.map(({ sentence, remedy }) => check(slug, 'warn', `${limit}: ${sentence}`, remedy ?? null));
}

import type { GatewayRow } from '@hq/shared/rows';
import { agoOf, plain } from '@hq/shared/text';
import type { ReactNode } from 'react';
import { memberName } from '../columns/member-name.ts';
import type { RowContext } from '../columns/row-context.ts';
import { agentName, gatewayName, secretState } from '../columns/secrets.ts';
import type { SecretWithOverrides } from '../secrets/secret-overrides.ts';
import { Line, Paragraph, type Part } from '../widgets/line.tsx';
import { useTheme } from '../widgets/theme.ts';

interface SecretFactsProps {
  readonly secret: SecretWithOverrides;
  readonly context: RowContext;
}

/** Everything that a member may know of a secret; of its value nothing but its age. */
export function SecretFacts({ secret, context }: SecretFactsProps): ReactNode {
  const theme = useTheme();
  const { mark, word, tone } = secretState(secret);
  return (
    <>
      <Line
        parts={[{ text: ` ${theme.mark(mark)} ${word}`, tone }, { text: `  ${ownerText(secret, context)}` }]}
      />
      {factsOf(secret, context).map(({ text, tone = 'plain' }) => (
        <Paragraph key={text} sentences={[text]} tone={tone} indent={3} />
      ))}
    </>
  );
}

function factsOf(secret: SecretWithOverrides, context: RowContext): readonly Part[] {
  const { now, member, lookups } = context;
  const synced =
    secret.last_synced_at === null ? 'never synced' : `last synced ${agoOf(secret.last_synced_at, now)}`;
  const valueAge = agoOf(secret.value_since, now);
  const facts: (Part | null)[] = [
    secret.sync_error === null ? null : { text: plain(secret.sync_error), tone: 'bad' },
    secret.sync_status === 'waiting' ? { text: 'The agent is not on the gateway yet.' } : null,
    { text: layerText(secret, context) },
    secret.name === null ? null : { text: plain(secret.name), tone: 'strong' },
    secret.note ? { text: plain(secret.note) } : null,
    {
      text: `value set ${valueAge} by ${memberName(secret.updated_by, member)}, for the ${ordinal(secret.revision)} time · ${synced}`,
      tone: 'dim',
    },
    runnerReport(lookups.gateways.get(secret.gateway_id)?.meta.secrets, now),
  ];
  return facts.flatMap((fact) => fact ?? []);
}

function ownerText(secret: SecretWithOverrides, context: RowContext): string {
  const gateway = gatewayName(secret, context);
  if (secret.agent_id !== null) return `of ${agentName(secret.agent_id, context)} on ${gateway}`;
  return `of ${gateway}, for all its agents`;
}

function layerText({ overrides, overriddenFor, agent_id }: SecretWithOverrides, context: RowContext): string {
  if (overrides) return 'It overrides the gateway’s value of the same key.';
  if (agent_id !== null) return 'The gateway has no value of the same key.';
  if (overriddenFor.length === 0) return 'No agent overrides it.';
  const agents = overriddenFor.map((id) => agentName(id, context)).join(', ');
  return `Overridden for ${agents}, by a value of ${overriddenFor.length === 1 ? 'its' : 'their'} own.`;
}

/** The last report of the runner on all its secrets. */
function runnerReport(report: GatewayRow['meta']['secrets'], now: number): Part {
  if (report === undefined) return { text: 'its runner has not reported on secrets yet', tone: 'dim' };
  const when = report.synced_at ? `, as of ${agoOf(report.synced_at, now)}` : '';
  if (report.state === 'ok') return { text: `the gateway’s files are up to date${when}`, tone: 'dim' };
  const isStale = report.state === 'stale';
  const problem = plain(report.problem ?? 'no reason was given');
  return {
    text: `the gateway’s files are ${isStale ? 'out of date' : 'not written'}${when}: ${problem}`,
    tone: isStale ? 'warn' : 'bad',
  };
}

function ordinal(count: number): string {
  const tens = count % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th');
  return `${count}${suffix}`;
}

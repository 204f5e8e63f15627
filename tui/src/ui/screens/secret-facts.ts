import type { GatewayRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { memberName } from '../../columns/member-name.ts';
import type { RowContext } from '../../columns/row-context.ts';
import { agentName, gatewayName, secretState } from '../../columns/secrets.ts';
import type { LayeredSecret } from '../../secrets/layers.ts';
import { wrap } from '../../table/cell.ts';
import { since } from '../ages.ts';
import { line, type Part } from '../panel.ts';
import type { Room } from '../view.ts';

/** Everything that a member may know of a secret, as lines; of its value nothing but its age. */
export function secretFacts(secret: LayeredSecret, context: RowContext, { width, theme }: Room): string[] {
  const { now, member } = context;
  const state = secretState(secret);
  const synced =
    secret.last_synced_at === null ? 'never synced' : `last synced ${since(secret.last_synced_at, now)}`;
  const tell = (text: string, tone?: Part['tone']): string[] =>
    wrap(text, Math.max(1, width - 3)).map((each) =>
      line([{ text: `   ${each}`, ...(tone === undefined ? {} : { tone }) }], width, theme),
    );
  return [
    line(
      [
        { text: ` ${theme.mark(state.mark)} ${state.word}`, tone: state.tone },
        { text: `  ${ownerTold(secret, context)}` },
      ],
      width,
      theme,
    ),
    ...(secret.sync_error === null ? [] : tell(plain(secret.sync_error), 'bad')),
    ...(secret.sync_status === 'waiting' ? tell('The agent is not on the gateway yet.') : []),
    ...tell(layerTold(secret, context)),
    ...(secret.name === null ? [] : tell(plain(secret.name), 'strong')),
    ...(secret.note === null || secret.note === '' ? [] : tell(plain(secret.note))),
    ...tell(
      `value set ${since(secret.value_since, now)} by ${memberName(secret.updated_by, member)}, for the ${ordinal(secret.revision)} time · ${synced}`,
      'dim',
    ),
    ...runnerTold(context.lookups.gateways.get(secret.gateway_id)?.meta.secrets, context).flatMap((told) =>
      tell(told.text, told.tone),
    ),
  ];
}

function ownerTold(secret: LayeredSecret, context: RowContext): string {
  const gateway = gatewayName(secret, context);
  if (secret.agent_id !== null) return `of ${agentName(secret.agent_id, context)} on ${gateway}`;
  return `of ${gateway}, for all its agents`;
}

function layerTold({ overrides, overriddenFor, agent_id }: LayeredSecret, context: RowContext): string {
  if (overrides) return 'It overrides the gateway’s value of the same key.';
  if (agent_id !== null) return 'The gateway has no value of the same key.';
  if (overriddenFor.length === 0) return 'No agent overrides it.';
  const agents = overriddenFor.map((id) => agentName(id, context)).join(', ');
  return `Overridden for ${agents}, by a value of ${overriddenFor.length === 1 ? 'its' : 'their'} own.`;
}

/** What the runner last told of all its secrets. */
function runnerTold(report: GatewayRow['meta']['secrets'], { now }: RowContext): Part[] {
  if (report === undefined) return [{ text: 'its runner has told nothing of secrets yet', tone: 'dim' }];
  const when = report.synced_at ? `, as of ${since(report.synced_at, now)}` : '';
  if (report.state === 'ok') return [{ text: `the gateway’s files are up to date${when}`, tone: 'dim' }];
  const problem = plain(report.problem ?? 'no reason was given');
  return [
    {
      text: `the gateway’s files are ${report.state === 'stale' ? 'out of date' : 'not written'}${when}: ${problem}`,
      tone: report.state === 'stale' ? 'warn' : 'bad',
    },
  ];
}

function ordinal(count: number): string {
  const tens = count % 100;
  const suffix = tens >= 11 && tens <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th');
  return `${count}${suffix}`;
}

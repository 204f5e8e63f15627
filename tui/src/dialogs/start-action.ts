import { type Action, type ActionName, catalogue } from '@hq/shared/actions';
import { needsGateway } from '../actions/command-actions.tsx';
import { errorText } from '../actions/error-text.ts';
import { namesHint } from '../actions/names-hint.ts';
import { parsePayload } from '../actions/payload.ts';
import type { Ui } from '../app/ui.ts';

/** The words behind a name: `key=value` settings, and the other words. */
export interface Arguments {
  readonly settings: readonly string[];
  readonly words: readonly string[];
}

const screenOf = { agent: 'The screen Agents', gateway: 'The screen Fleet' } as const;

/** Starts an action with the settings as its payload; a word names its target. Returns what is wrong with them, or null. */
export function startAction(
  name: ActionName,
  { settings, words }: Arguments,
  { commands, screen, lookups }: Ui,
  onRefused: () => void,
): string | null {
  const action: Action = catalogue[name];
  const { agents, gateways } = lookups();
  const named = words.map((word) => word.replace(/^@/, ''));
  const namedAgent = [...agents.values()].find(({ slug }) => named.includes(slug));
  const agent = action.target === 'agent' ? (namedAgent ?? screen.agent) : null;
  const others = named.filter((word) => word !== agent?.slug);
  const [other] = others;
  const gateway =
    other === undefined
      ? (gateways.get(agent?.gateway_id ?? '') ?? screen.gateway)
      : ([...gateways.values()].find(({ slug }) => slug === other) ?? null);
  if (action.target === 'workspace' && other !== undefined) {
    return `${name} takes key=value only; two words go in quotes.`;
  }
  if (others.length > 1) {
    return `${name} takes one name, and settings such as key=value.`;
  }
  if (gateway === null && (other !== undefined || needsGateway(action))) {
    const kind = action.target === 'agent' && namedAgent === undefined ? 'agent' : 'gateway';
    if (other === undefined)
      return 'No gateway is selected. Select one on Fleet, or write its name at the end.';
    const rows = [...(kind === 'agent' ? agents : gateways).values()];
    return `There is no ${kind} called ${other}. ${namesHint(other, rows, kind, screenOf[kind])}`;
  }
  if (action.target === 'agent' && agent === null) {
    const hint = namesHint('', [...agents.values()], 'agent', screenOf.agent);
    return `${name} needs an agent: write its name at the end. ${hint}`;
  }
  try {
    const payload = parsePayload(name, settings);
    const hasNone = action.target === 'workspace' || (agent !== null && agent.gateway_id === null);
    commands.start({
      action: name,
      payload,
      gateway: hasNone ? null : gateway,
      ...(agent === null ? {} : { agent: agent.slug }),
      onRefused,
    });
    return null;
  } catch (failure) {
    return errorText(failure);
  }
}

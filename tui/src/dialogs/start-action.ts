import { type Action, type ActionName, catalogue } from '@hq/shared/actions';
import { needsGateway } from '../actions/command-actions.tsx';
import { errorText } from '../actions/error-text.ts';
import { parsePayload } from '../actions/payload.ts';
import type { Ui } from '../app/ui.ts';

/** The words behind a name: `key=value` settings, and the other words. */
export interface Arguments {
  readonly settings: readonly string[];
  readonly words: readonly string[];
}

/** Starts an action with the settings as its payload; a word names its target. */
export function startAction(
  name: ActionName,
  { settings, words }: Arguments,
  { messages, commands, screen, lookups }: Ui,
): void {
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
    messages.warn(`${name} takes key=value only; two words go in quotes.`);
  } else if (others.length > 1) {
    messages.warn(`${name} takes one name, and settings such as key=value.`);
  } else if (gateway === null && (other !== undefined || needsGateway(action))) {
    const kind = action.target === 'agent' && namedAgent === undefined ? 'agent' : 'gateway';
    messages.warn(other === undefined ? 'No gateway is selected.' : `There is no ${kind} called ${other}.`);
  } else {
    try {
      const payload = parsePayload(name, settings);
      const hasNone = action.target === 'workspace' || (agent !== null && agent.gateway_id === null);
      commands.start({
        action: name,
        payload,
        gateway: hasNone ? null : gateway,
        ...(agent === null ? {} : { agent: agent.slug }),
      });
    } catch (failure) {
      messages.warn(errorText(failure));
    }
  }
}

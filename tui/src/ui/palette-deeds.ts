import { type Action, catalogue } from '@hq/shared/actions';
import { parsePayload } from '../cli/arguments/payload.ts';
import type { Intent } from '../keymap/bindings.ts';
import { type Acting, needsGateway } from './acting.ts';
import type { Inside } from './inside.ts';
import type { Messages } from './messages.ts';
import type { Chosen } from './overlays/palette.ts';
import type { Numbered } from './place.ts';
import { sentence } from './sentence.ts';

export interface Hands {
  readonly app: { perform(intent: Intent): void; goHome(screen: Numbered): void };
  readonly inside: Inside;
  readonly acting: Acting;
  readonly messages: Messages;
}

/** Does what was chosen in the palette. */
export function carryOut({ entry, settings, words }: Chosen, { app, inside, acting, messages }: Hands): void {
  const { deed } = entry;
  if (deed.kind === 'intent') {
    app.perform(deed.intent);
    return;
  }
  if (deed.kind === 'screen') {
    app.goHome(deed.screen);
    if (words.length > 0) inside.list()?.setFilter(words.join(' '));
    return;
  }
  const action: Action = catalogue[deed.action];
  const { lookups } = inside.context();
  const named = words.map((word) => word.replace(/^@/, ''));
  const agent =
    action.target === 'agent'
      ? ([...lookups.agents.values()].find(({ slug }) => named.includes(slug)) ?? inside.agentHere())
      : null;
  const others = named.filter((word) => word !== agent?.slug);
  const gateway =
    others.length === 0
      ? (lookups.gateways.get(agent?.gateway_id ?? '') ?? inside.gateway())
      : ([...lookups.gateways.values()].find(({ slug }) => slug === others[0]) ?? null);
  if (action.target === 'workspace' && others.length > 0) {
    messages.warn(`${entry.name} takes key=value only; two words go in quotes.`);
  } else if (others.length > 1) {
    messages.warn(`${entry.name} takes one name, and settings such as key=value.`);
  } else if (gateway === null && (others[0] !== undefined || needsGateway(action))) {
    messages.warn(
      others[0] === undefined ? 'No gateway is selected.' : `There is no gateway called ${others[0]}.`,
    );
  } else {
    try {
      const payload = parsePayload(deed.action, settings);
      const to = agent === null ? {} : { agent: agent.slug };
      const on =
        action.target === 'workspace' || (agent !== null && agent.gateway_id === null) ? null : gateway;
      acting.order(
        { action: deed.action, payload, gateway: on, ...to },
        lookups.openCommandsOf.get(on?.id ?? '') ?? [],
      );
    } catch (failure) {
      messages.warn(sentence(failure));
    }
  }
}

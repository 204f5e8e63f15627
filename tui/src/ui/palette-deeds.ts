import { catalogue } from '@hq/shared/actions';
import { parsePayload } from '../cli/payload.ts';
import type { Intent } from '../keymap/bindings.ts';
import type { Acting } from './acting.ts';
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
  const { survey } = inside.context();
  const gateways = [...survey.gateways.values()];
  const named = words.map((word) => word.replace(/^@/, ''));
  const aimedAtAgent = catalogue[deed.action].target !== 'gateway';
  const agent = aimedAtAgent
    ? [...survey.agents.values()].find(({ slug }) => named.includes(slug))
    : undefined;
  const others = named.filter((word) => word !== agent?.slug);
  const gateway =
    others.length === 0
      ? (survey.gateways.get(agent?.gateway_id ?? '') ?? inside.gateway())
      : (gateways.find(({ slug }) => slug === others[0]) ?? null);
  if (others.length > 1) {
    messages.warn(`${entry.name} takes one name, and settings such as key=value.`);
  } else if (gateway === null) {
    messages.warn(
      others[0] === undefined ? 'No gateway is selected.' : `There is no gateway called ${others[0]}.`,
    );
  } else {
    try {
      const payload = parsePayload(deed.action, settings);
      const to = agent === undefined ? {} : { agent: agent.slug };
      acting.order(
        { action: deed.action, payload, gateway, ...to },
        survey.openCommandsOf.get(gateway.id) ?? [],
      );
    } catch (failure) {
      messages.warn(sentence(failure));
    }
  }
}

import { plain } from '@hq/shared/text';
import type { Inside } from './inside.ts';
import type { Place } from './place.ts';

/** What `y` copies: the name or the id of what is selected or open. */
export function nameHere(inside: Inside): string | null {
  const { place } = inside;
  switch (place.screen) {
    case 'fleet':
      return inside.fleet.selected?.slug ?? null;
    case 'agents':
      return inside.agents.selected?.slug ?? null;
    case 'agent':
      return inside.agent()?.slug ?? null;
    case 'commands':
      return inside.commands.selected?.id ?? null;
    case 'command':
      return place.id;
    case 'alerts':
      return inside.alerts.selected?.title ?? null;
    case 'audit':
      return inside.audit.selected?.summary ?? inside.audit.selected?.action ?? null;
    case 'secrets':
    case 'secret':
      return inside.secret()?.key ?? null;
    case 'chat':
      return inside.chatLinks.selected?.chat_user ?? null;
  }
}

/** The trail of the title line. */
export function crumbOf(place: Place, inside: Inside): string {
  switch (place.screen) {
    case 'fleet':
      return 'Fleet';
    case 'agents': {
      const gateway =
        place.gateway === null ? undefined : inside.context().lookups.gateways.get(place.gateway);
      return gateway === undefined ? 'Agents' : plain(gateway.slug);
    }
    case 'agent':
      return plain(inside.context().lookups.agents.get(place.id)?.slug ?? 'agent');
    case 'commands':
      return 'Commands';
    case 'command': {
      const known = inside.place === place ? inside.command() : null;
      return plain(known?.action ?? 'command');
    }
    case 'alerts':
      return 'Alerts';
    case 'audit':
      return 'Audit';
    case 'chat':
      return 'Chat';
    case 'secrets':
      return 'Secrets';
    case 'secret':
      return inside.place === place ? plain(inside.secret()?.key ?? 'secret') : 'secret';
  }
}

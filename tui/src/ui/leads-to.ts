import type { Inside } from './inside.ts';
import type { Place } from './place.ts';

/** Where opening the selected row of a place leads; null where it leads nowhere. */
export function leadsTo(place: Place, inside: Inside): Place | null {
  switch (place.screen) {
    case 'fleet': {
      const gateway = inside.fleet.selected;
      return gateway === null ? null : { screen: 'agents', gateway: gateway.id };
    }
    case 'agents': {
      const agent = inside.agents.selected;
      return agent === null ? null : { screen: 'agent', id: agent.id };
    }
    case 'agent':
    case 'commands': {
      const command = (place.screen === 'agent' ? inside.commandsOfAgent : inside.commands).selected;
      return command === null ? null : { screen: 'command', id: command.id };
    }
    case 'secrets': {
      const secret = inside.secrets.selected;
      return secret === null ? null : { screen: 'secret', id: secret.id };
    }
    case 'alerts': {
      const alert = inside.alerts.selected;
      if (alert === null || alert.entity_id === null) return null;
      if (/command/.test(alert.entity_type ?? '')) return { screen: 'command', id: alert.entity_id };
      return alert.entity_type === 'agent' ? { screen: 'agent', id: alert.entity_id } : null;
    }
    default:
      return null;
  }
}

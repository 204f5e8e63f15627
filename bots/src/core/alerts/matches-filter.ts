import type { AlertFilter } from '../api/chat-api.ts';
import type { AlertAgent } from './alert-agents.ts';
import { type AlertRow, severities } from './alert-row.ts';

/** Returns true if a chat's filter accepts the alert. */
export function matchesFilter(filter: AlertFilter, alert: AlertRow, agent: AlertAgent | null): boolean {
  const least = severities.findIndex((severity) => severity === (filter.severity ?? 'info'));
  if (severities.indexOf(alert.severity) < least) return false;
  if (filter.kinds !== undefined && !filter.kinds.includes(alert.type)) return false;
  if (filter.agents !== undefined && (agent === null || !filter.agents.includes(agent.slug))) return false;
  if (filter.tags === undefined) return true;
  const tags = [...(agent?.tags ?? []), ...stringsOf(alert.meta.tags)];
  return filter.tags.some((tag) => tags.includes(tag));
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

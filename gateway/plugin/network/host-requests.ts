import type { OutboxEntry } from '../hq-api/outbox.ts';
import type { Destination } from './allowed-hosts.ts';

const hourMs = 60 * 60_000;
/** Hosts of one agent in an hour. HQ asks the operators for as many at most. */
const mostHosts = 10;

interface AskedHosts {
  readonly since: number;
  readonly hosts: Set<string>;
}

/**
 * Returns a function that tells HQ which host an agent was refused, so that it asks the operators: each host once an hour.
 * An agent that tries thousands of names costs neither files nor requests.
 */
export function createHostRequests(deliver: (entry: OutboxEntry) => void, now: () => number = Date.now) {
  const asked = new Map<string, AskedHosts>();
  return (agent: string, { host, port }: Destination): void => {
    const known = asked.get(agent);
    const present =
      known !== undefined && now() - known.since < hourMs
        ? known
        : { since: now(), hosts: new Set<string>() };
    asked.set(agent, present);
    const name = `${host}:${port}`;
    if (present.hosts.has(name) || present.hosts.size >= mostHosts || !isAskable(host)) return;
    present.hosts.add(name);
    deliver({ agent, operation: 'host_refused', args: { host, port } });
  };
}

/** Names that a list of allowed hosts can have: a machine of this network has no dot in its name. */
const isAskable = (host: string): boolean =>
  /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$/.test(host);

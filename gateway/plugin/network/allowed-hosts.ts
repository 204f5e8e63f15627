import { isIP } from 'node:net';

/** Host and port that an agent asks for. */
export interface Destination {
  /** A name in lower case: never an IP address in any spelling. */
  readonly host: string;
  readonly port: number;
}

/** One entry of an agent's list, such as `pypi.org` or `*.github.com:443`. */
export interface AllowedHost {
  readonly name: string;
  /** `*.name`: every name below `name`, and not `name` itself. */
  readonly isBelow: boolean;
  /** Undefined: the ports of https and http. */
  readonly port: number | undefined;
}

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const namePattern = new RegExp(`^${label}(?:\\.${label})*$`);
const webPorts = [443, 80];

/** Returns whether a text is a host name that no resolver reads as an IP address. */
function isHostName(text: string): boolean {
  const last = text.split('.').at(-1) ?? '';
  // URL parsers and inet_aton read a last part such as 1, 017 or 0x7f as a number of an IPv4 address.
  const isNumeric = /^(?:\d+|0x[0-9a-f]*)$/.test(last);
  return text.length <= 253 && namePattern.test(text) && !isNumeric && isIP(text) === 0;
}

function parsePort(text: string): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined;
}

/** Parses an entry of an agent's list; returns undefined for anything that is not a host name. */
export function parseAllowedHost(pattern: string): AllowedHost | undefined {
  const text = pattern.trim().toLowerCase();
  const [, below, name = '', portText] = /^(\*\.)?([^:*]+)(?::(\d+))?$/.exec(text) ?? [];
  const port = portText === undefined ? undefined : parsePort(portText);
  if (!isHostName(name) || (portText !== undefined && port === undefined)) return undefined;
  return { name, isBelow: below !== undefined, port };
}

/** Parses `host:port`; returns undefined where the host is an address or is malformed. */
export function parseDestination(authority: string): Destination | undefined {
  const [, hostText = '', portText = ''] = /^([^:@/\s]+):(\d+)$/.exec(authority) ?? [];
  const host = hostText.toLowerCase();
  const port = parsePort(portText);
  return isHostName(host) && port !== undefined ? { host, port } : undefined;
}

export function isAllowed({ host, port }: Destination, list: readonly AllowedHost[]): boolean {
  return list.some((allowed) => {
    const isName = allowed.isBelow ? host.endsWith(`.${allowed.name}`) : host === allowed.name;
    return isName && (allowed.port === undefined ? webPorts.includes(port) : allowed.port === port);
  });
}

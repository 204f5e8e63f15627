import { isIP } from 'node:net';

/** True for a name of this machine, also the one that containers use. A web page can let a name of its own point here. */
export function isOwnHost(host: string | null): boolean {
  const name = host?.replace(/:\d+$/, '').replace(/^\[|\]$/g, '') ?? 'localhost';
  return name === 'localhost' || name === 'host.docker.internal' || isIP(name) !== 0;
}

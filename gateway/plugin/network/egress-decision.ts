import { lookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { codeOf } from '@hq/shared/errors';
import { type AllowedHost, type Destination, isAllowed, parseDestination } from './allowed-hosts.ts';
import { isPublicAddress } from './public-addresses.ts';

/** Ways of the proxy to the internet. Tests give their own, because the internet's servers are not theirs. */
export interface Internet {
  resolve(host: string): Promise<readonly string[]>;
  isPublic(address: string): boolean;
  connect(address: string, port: number): Socket;
}

export const internet: Internet = {
  resolve: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
  isPublic: (address) => isPublicAddress(address),
  connect: (address, port) => connect({ host: address, port }),
};

/** Either the one address to dial, or the status and the reason of a refusal. */
export type EgressDecision =
  | { readonly destination: Destination; readonly address: string }
  | {
      readonly status: 400 | 403 | 502;
      readonly reason: string;
      /** Set where the agent's list alone is the reason. */
      readonly unlisted?: Destination;
    };

/**
 * Decides about one connection. The name is resolved once and every answer is checked. The caller dials the returned
 * address, so that a second answer of the name's server cannot lead elsewhere.
 */
export async function decideEgress(
  authority: string,
  allowed: readonly AllowedHost[],
  { resolve, isPublic }: Internet,
): Promise<EgressDecision> {
  const destination = parseDestination(authority);
  if (destination === undefined) {
    return { status: 400, reason: `${authority} is not a host name with a port` };
  }
  const name = `${destination.host}:${destination.port}`;
  if (!isAllowed(destination, allowed)) {
    return { status: 403, reason: `${name} is not on the list of allowed hosts`, unlisted: destination };
  }
  let addresses: readonly string[];
  try {
    addresses = await resolve(destination.host);
  } catch (error) {
    return { status: 502, reason: `${name} has no address (${codeOf(error) ?? 'no answer'})` };
  }
  const [address] = addresses;
  if (address === undefined) return { status: 502, reason: `${name} has no address` };
  if (!addresses.every(isPublic)) return { status: 403, reason: `${name} leads into a private network` };
  return { destination, address };
}

import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Networks that no agent may reach, although some of them look like the internet. */
const closedIPv4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carrier-grade NAT, and Alibaba's metadata address
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's metadata address
  ['169.254.0.0', 16], // link-local, and the metadata address of most clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

/** Parts of 2000::/3 that lead to IPv4 addresses or nowhere. */
const closedIPv6 = [
  ['2001::', 23], // Teredo and other protocols
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4
  ['3fff::', 20],
] as const;

const closed = new BlockList();
for (const [network, prefix] of closedIPv4) closed.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of closedIPv6) closed.addSubnet(network, prefix, 'ipv6');

/** The only IPv6 addresses of the internet; mapped, NAT64, unique-local and link-local ones are outside. */
const globalIPv6 = new BlockList();
globalIPv6.addSubnet('2000::', 3, 'ipv6');

/** Returns whether an address is on the public internet and is not one of this host's own. */
export function isPublicAddress(address: string, interfaces = networkInterfaces()): boolean {
  const own = Object.values(interfaces).flatMap((addresses) => addresses ?? []);
  if (isIPv4(address)) {
    return !closed.check(address, 'ipv4') && !own.some((other) => other.address === address);
  }
  if (!isIPv6(address) || !globalIPv6.check(address, 'ipv6') || closed.check(address, 'ipv6')) return false;
  const ownIPv6 = new BlockList();
  for (const other of own) if (other.family === 'IPv6') ownIPv6.addAddress(other.address, 'ipv6');
  return !ownIPv6.check(address, 'ipv6');
}

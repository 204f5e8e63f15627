import { describe, expect, it } from 'vitest';
import { isPublicAddress } from './public-addresses.ts';

const own = {
  eth0: [
    { address: '8.8.4.4', netmask: '', family: 'IPv4', mac: '', internal: false, cidr: null },
    {
      address: '2606:4700::99',
      netmask: '',
      family: 'IPv6',
      mac: '',
      internal: false,
      cidr: null,
      scopeid: 0,
    },
  ],
} as const;
const isPublic = (address: string) => isPublicAddress(address, { eth0: [...own.eth0] });

describe('an address that an agent may reach', () => {
  it.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])(
    '%s',
    (address) => {
      expect(isPublic(address)).toBe(true);
    },
  );
});

describe('an address that no agent reaches', () => {
  it.each([
    ['loopback', '127.0.0.1'],
    ['loopback', '127.9.9.9'],
    ['loopback', '::1'],
    ['this host', '0.0.0.0'],
    ['this host', '::'],
    ['private', '10.1.2.3'],
    ['private', '172.16.0.1'],
    ['private', '192.168.1.1'],
    ['link-local', '169.254.1.1'],
    ['link-local', 'fe80::1'],
    ['unique-local', 'fd00::1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['metadata', '169.254.169.254'],
    ['metadata of Azure', '168.63.129.16'],
    ['metadata of Alibaba', '100.100.100.200'],
    ['metadata of AWS', 'fd00:ec2::254'],
    ['mapped', '::ffff:127.0.0.1'],
    ['mapped', '::ffff:8.8.8.8'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['6to4', '2002:7f00:1::1'],
    ['Teredo', '2001:0:1::1'],
    ['documentation', '2001:db8::1'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['of the host itself', '8.8.4.4'],
    ['of the host itself', '2606:4700:0:0:0:0:0:99'],
    ['no address', 'pypi.org'],
    ['no address', ''],
  ])('%s: %s', (_kind, address) => {
    expect(isPublic(address)).toBe(false);
  });
});

import dns from 'node:dns/promises';
import { readdirSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { definePluginEntry } from 'openclaw/plugin-sdk/plugin-entry';
import { z } from 'zod';
import { registerConfinement } from '../plugin/confinement.ts';
import { isPublicAddress } from '../plugin/network/public-addresses.ts';

const settings = z.object({
  stateDir: z.string(),
  browserPort: z.number(),
  /** Port of the one server of this internet. */
  internetPort: z.number(),
});

/** Addresses of the names of the test's internet. `8.8.8.8` is its one server. */
const names: Readonly<Record<string, string>> = {
  'allowed.test': '8.8.8.8',
  'metadata.test': '169.254.169.254',
  'inside.test': '127.0.0.1',
};

/** OpenClaw looks names up before its browser opens them, so it has to know those of the test. */
function teachNames(): void {
  const { lookup } = dns;
  Object.assign(dns, {
    lookup: async (host: string, options: object) =>
      names[host] === undefined ? await lookup(host, options) : [{ address: names[host], family: 4 }],
  });
  syncBuiltinESMExports();
}

/** Jails, networks and browsers alone, with an internet that a test owns. */
export default definePluginEntry({
  id: 'hq',
  name: 'HQ',
  description: 'Jails, networks and browsers of agents.',
  register(api) {
    const { stateDir, browserPort, internetPort } = settings.parse(api.pluginConfig);
    if (api.registrationMode === 'full') teachNames();
    let lookups = 0;
    registerConfinement(api, {
      stateDir,
      agents: () => readdirSync(join(stateDir, 'hq', 'agents')).map((name) => name.replace(/\.json$/, '')),
      browserPort,
      internet: {
        resolve: (host) => {
          if (host === 'rebinding.test')
            return Promise.resolve([lookups++ % 2 === 0 ? '8.8.8.8' : '127.0.0.1']);
          const address = names[host];
          if (address !== undefined) return Promise.resolve([address]);
          return Promise.reject(Object.assign(new Error('unknown name'), { code: 'ENOTFOUND' }));
        },
        isPublic: (address) => isPublicAddress(address),
        connect: () => connect({ host: '127.0.0.1', port: internetPort }),
      },
    });
  },
});

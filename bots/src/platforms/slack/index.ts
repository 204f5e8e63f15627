import type { PlatformModule } from '../../contract/adapter.ts';
import { fingerprintOf } from '../environment.ts';
import { readSettings, variables } from './settings.ts';

export const slack: PlatformModule = {
  platform: 'slack',
  variables: Object.keys(variables),
  configure(env) {
    const settings = readSettings(env);
    if (settings === null) return null;
    const { botToken, transport } = settings;
    const secrets = [botToken, transport.kind === 'socket' ? transport.appToken : transport.signingSecret];
    return {
      secrets,
      fingerprints: (transport.kind === 'socket' ? secrets : [botToken]).map(fingerprintOf),
      create: async ({ log }) => new (await import('./adapter.ts')).SlackAdapter(settings, log),
      check: async () => (await import('./check.ts')).checkSlack(settings),
    };
  },
};

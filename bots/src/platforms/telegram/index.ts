import type { PlatformModule } from '../../contract/adapter.ts';
import { fingerprintOf } from '../environment.ts';
import { readSettings, variables } from './settings.ts';

export const telegram: PlatformModule = {
  platform: 'telegram',
  variables: Object.keys(variables),
  configure(env) {
    const settings = readSettings(env);
    if (settings === null) return null;
    const { token, webhook } = settings;
    return {
      secrets: webhook === null ? [token] : [token, webhook.secret],
      fingerprints: [fingerprintOf(token)],
      create: async ({ log }) => new (await import('./adapter.ts')).TelegramAdapter(settings, log),
      check: async () => (await import('./check.ts')).checkTelegram(settings),
    };
  },
};

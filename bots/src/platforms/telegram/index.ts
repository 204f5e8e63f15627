import { createPlatformModule } from '../platform-module.ts';
import { readSettings, variables } from './settings.ts';

export const telegram = createPlatformModule({
  platform: 'telegram',
  variables,
  readSettings,
  tokens: ({ token }) => [token],
  otherSecrets: ({ webhook }) => (webhook === null ? [] : [webhook.secret]),
  async create(settings, log) {
    const { TelegramAdapter } = await import('./adapter.ts');
    return new TelegramAdapter(settings, log);
  },
  async check(settings) {
    const { checkTelegram } = await import('./check.ts');
    return checkTelegram(settings);
  },
});

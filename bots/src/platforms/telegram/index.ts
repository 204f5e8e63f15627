import { createHash } from 'node:crypto';
import type { Configured, PlatformModule } from '../../contract/adapter.ts';
import { readSettings, variables } from './settings.ts';

/** Telegram, over the Bot API. The library is loaded by what is asked for, not by asking whether it is configured. */
export const telegram: PlatformModule = {
  platform: 'telegram',
  variables,
  configure(env): Configured | null {
    const settings = readSettings(env);
    if (settings === null) return null;
    return {
      fingerprints: [createHash('sha256').update(settings.token).digest('hex')],
      secrets: [settings.token, ...(settings.webhook === null ? [] : [settings.webhook.secret])],
      async create({ log }) {
        const { TelegramAdapter } = await import('./adapter.ts');
        return new TelegramAdapter({ settings, log });
      },
      async check() {
        const { checkTelegram } = await import('./check.ts');
        return await checkTelegram(settings);
      },
    };
  },
};

import { createPlatformModule } from '../platform-module.ts';
import { readSettings, variables } from './settings.ts';

export const discord = createPlatformModule({
  platform: 'discord',
  variables,
  readSettings,
  tokens: ({ token }) => [token],
  async create(settings, log) {
    const { DiscordAdapter } = await import('./adapter.ts');
    return new DiscordAdapter(settings, log);
  },
  async check(settings) {
    const { checkDiscord } = await import('./check.ts');
    return checkDiscord(settings);
  },
});

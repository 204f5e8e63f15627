import { createPlatformModule } from '../platform-module.ts';
import { readSettings, variables } from './settings.ts';

export const slack = createPlatformModule({
  platform: 'slack',
  variables,
  readSettings,
  tokens: ({ botToken, transport }) =>
    transport.kind === 'socket' ? [botToken, transport.appToken] : [botToken],
  otherSecrets: ({ transport }) => (transport.kind === 'http' ? [transport.signingSecret] : []),
  async create(settings, log) {
    const { SlackAdapter } = await import('./adapter.ts');
    return new SlackAdapter(settings, log);
  },
  async check(settings) {
    const { checkSlack } = await import('./check.ts');
    return checkSlack(settings);
  },
});

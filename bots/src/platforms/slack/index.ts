import { createHash } from 'node:crypto';
import type { PlatformModule } from '../../contract/adapter.ts';
import { readSettings, variables } from './settings.ts';

/** Slack, without its library: that is loaded where it is needed. */
export const slack: PlatformModule = {
  platform: 'slack',
  variables,
  configure(env) {
    const settings = readSettings(env);
    if (settings === null) return null;
    const { botToken, transport } = settings;
    const tokens = transport.kind === 'socket' ? [botToken, transport.appToken] : [botToken];
    return {
      fingerprints: tokens.map((token) => createHash('sha256').update(token).digest('hex')),
      secrets: transport.kind === 'http' ? [...tokens, transport.signingSecret] : tokens,
      async create({ log }) {
        const { SlackAdapter } = await import('./adapter.ts');
        return new SlackAdapter(settings, log);
      },
      async check() {
        const { checkSlack } = await import('./check.ts');
        return checkSlack(settings);
      },
    };
  },
};

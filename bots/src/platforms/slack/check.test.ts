import { afterEach, beforeEach, expect, it } from 'vitest';
import { type RunningSlack, startSlackServer } from '../../../fakes/slack-server/index.ts';
import type { Finding } from '../../contract/adapter.ts';
import { slack } from './index.ts';

let running: RunningSlack;
beforeEach(async () => {
  running = await startSlackServer();
});
afterEach(() => running.stop());

async function check(env: Record<string, string> = running.env): Promise<readonly Finding[]> {
  return (await slack.configure(env)?.check()) ?? [];
}

it('reports no problem for an app made from the manifest, and changes nothing', async () => {
  expect((await check()).map((finding) => [finding.ok, finding.sentence])).toEqual([
    [true, 'The bot token belongs to hq in the workspace Lab.'],
    [true, 'The bot token has every scope that HQ needs.'],
    [true, 'The app-level token opens Socket Mode.'],
  ]);
  expect(running.server.sockets.count).toBe(0);
  expect(running.server.calls.map((call) => call.method)).toEqual(['auth.test', 'apps.connections.open']);
});

it('names each missing scope and its effect', async () => {
  running.server.scopes.delete('files:write');
  const wrong = (await check()).filter((finding) => !finding.ok);
  expect(wrong).toEqual([
    {
      ok: false,
      sentence: 'The scope files:write is missing, so long output cannot be sent as a file.',
      hint: expect.stringContaining('reinstall the app'),
    },
  ]);
});

it('names scopes that HQ does not need', async () => {
  running.server.scopes.add('channels:history');
  expect((await check()).map((finding) => finding.sentence)).toContain(
    'The scope channels:history is not needed by HQ.',
  );
});

it('names the token that Slack does not accept, without its value', async () => {
  running.server.revoke(running.server.botToken);
  const findings = await check({ ...running.env, SLACK_APP_TOKEN: 'xapp-1-wrong' });
  expect(findings.map((finding) => finding.sentence)).toEqual([
    'Slack does not accept the bot token (token_revoked).',
    'Slack does not accept the app-level token (invalid_auth).',
  ]);
  expect(JSON.stringify(findings)).not.toContain('xapp-1-wrong');
});

it('reports that Slack cannot be reached', async () => {
  await running.stop();
  expect((await check()).map((finding) => finding.sentence)).toEqual([
    'The bot token could not be checked: Slack did not answer.',
    'The app-level token could not be checked: Slack did not answer.',
  ]);
  running = await startSlackServer();
});

it('checks the format of a signing secret', async () => {
  const { SLACK_BOT_TOKEN, SLACK_API_URL } = running.env;
  const findings = await check({ SLACK_BOT_TOKEN, SLACK_API_URL, SLACK_SIGNING_SECRET: 'short' });
  expect(findings.at(-1)).toMatchObject({ ok: false, sentence: expect.stringContaining('signing secret') });
});

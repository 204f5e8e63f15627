import { expect, it } from 'vitest';
import { slack } from './index.ts';
import { readSettings } from './settings.ts';

const socket = { SLACK_BOT_TOKEN: 'xoxb-1-2-three', SLACK_APP_TOKEN: 'xapp-1-A-2-three' };

it('is not configured if no variable of Slack is set', () => {
  expect(slack.configure({})).toBeNull();
  expect(slack.configure({ SLACK_API_URL: 'https://slack.com/api', SLACK_BOT_TOKEN: ' ' })).toBeNull();
});

it('uses Socket Mode with an app token, else signed requests on loopback', () => {
  expect(readSettings({ ...socket, SLACK_SIGNING_SECRET: 'x' })?.transport).toEqual({
    kind: 'socket',
    appToken: socket.SLACK_APP_TOKEN,
  });
  expect(readSettings({ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'x' })?.transport).toEqual({
    kind: 'http',
    signingSecret: 'x',
    host: '127.0.0.1',
    port: 3000,
    field: 'SLACK_LISTEN',
  });
});

it.each([
  ['SLACK_BOT_TOKEN', { SLACK_APP_TOKEN: 'xapp-1' }],
  ['SLACK_BOT_TOKEN', { ...socket, SLACK_BOT_TOKEN: 'xapp-1' }],
  ['SLACK_BOT_TOKEN', { ...socket, SLACK_BOT_TOKEN: 'xoxp-1' }],
  ['SLACK_APP_TOKEN', { ...socket, SLACK_APP_TOKEN: 'xoxb-1' }],
  ['SLACK_APP_TOKEN', { SLACK_BOT_TOKEN: 'xoxb-1' }],
  ['SLACK_LISTEN', { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'x', SLACK_LISTEN: 'nowhere' }],
  ['SLACK_LISTEN', { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 'x', SLACK_LISTEN: '70000' }],
  ['SLACK_API_URL', { ...socket, SLACK_API_URL: 'http://slack.example.org/api/' }],
  ['SLACK_API_URL', { ...socket, SLACK_API_URL: 'slack.com' }],
])('names %s if it is wrong, without its value', (field, env: Record<string, string>) => {
  const failing = () => slack.configure(env);
  expect(failing).toThrow(expect.objectContaining({ code: 'usage', field }));
  expect(failing).not.toThrow(/xox[bp]-1|xapp-1/u);
});

it('accepts an address of this machine, and completes it', () => {
  expect(readSettings({ ...socket, SLACK_API_URL: 'http://127.0.0.1:99/api' })?.apiUrl).toBe(
    'http://127.0.0.1:99/api/',
  );
  expect(readSettings(socket)?.apiUrl).toBe('https://slack.com/api/');
});

it('identifies tokens by their fingerprints, the bot token first', () => {
  expect(slack.configure(socket)?.fingerprints).toEqual([
    expect.stringMatching(/^[0-9a-f]{64}$/u),
    expect.stringMatching(/^[0-9a-f]{64}$/u),
  ]);
  expect(slack.configure(socket)?.secrets).toEqual([socket.SLACK_BOT_TOKEN, socket.SLACK_APP_TOKEN]);
});

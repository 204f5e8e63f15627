import { readdir, readFile } from 'node:fs/promises';
import { webApi } from '@slack/bolt';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startSlackServer } from '../../../fakes/slack-server/index.ts';
import { methods } from '../../../fakes/slack-server/web-api.ts';
import { neededScopes } from './check.ts';

const url = z.url({ protocol: /^https$/u }).refine((given) => given.endsWith('/slack/events'));
const slashCommand = z.strictObject({
  command: z.string().regex(/^\/[a-z]{1,31}$/u),
  url: url.optional(),
  description: z.string().max(2000),
  usage_hint: z.string().max(1000),
  should_escape: z.boolean(),
});
const settings = z.strictObject({
  socket_mode_enabled: z.boolean(),
  interactivity: z.strictObject({
    is_enabled: z.boolean(),
    request_url: url.optional(),
    message_menu_options_url: url.optional(),
  }),
  event_subscriptions: z.strictObject({ request_url: url.optional(), bot_events: z.array(z.string()) }),
  token_rotation_enabled: z.boolean(),
});
const manifest = z.strictObject({
  display_information: z.strictObject({ name: z.string().max(35), description: z.string().max(140) }),
  features: z.strictObject({
    bot_user: z.strictObject({ display_name: z.string().max(80), always_online: z.boolean() }),
    app_home: z.strictObject({
      home_tab_enabled: z.boolean(),
      messages_tab_enabled: z.boolean(),
      messages_tab_read_only_enabled: z.boolean(),
    }),
    slash_commands: z.array(slashCommand),
  }),
  oauth_config: z.strictObject({ scopes: z.strictObject({ bot: z.array(z.string()) }) }),
  settings,
});
/** The parts that the chapter on HTTP replaces. */
const httpParts = z.strictObject({
  features: z.strictObject({ slash_commands: z.array(slashCommand.required()) }),
  settings: settings.omit({ token_rotation_enabled: true }).extend({
    interactivity: settings.shape.interactivity.required(),
    event_subscriptions: settings.shape.event_subscriptions.required(),
  }),
});

const guide = await readFile(new URL('../../../../docs/chat.md', import.meta.url), 'utf8');
const [overSocket, overHttp] = [...guide.matchAll(/```json\n(.*?)```/gsu)].map(([, block]): unknown =>
  JSON.parse(block ?? ''),
);
const socket = manifest.parse(overSocket);
const http = httpParts.parse(overHttp);

/** Events that need a scope. */
const scopeOfEvent: Readonly<Record<string, string>> = {
  app_mention: 'app_mentions:read',
  'message.im': 'im:history',
};
/** Optional in the guide: for plain messages without `/hq`. */
const optionalEvent = 'message';

/** The adapter's sources without white space, which a formatter moves. */
async function sources(): Promise<string> {
  const folder = new URL('./', import.meta.url);
  const files = (await readdir(folder, { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !file.includes('.test.'),
  );
  const texts = await Promise.all(files.map((file) => readFile(new URL(file, folder), 'utf8')));
  return texts.join('').replaceAll(/\s/gu, '');
}

/** Every method of the library, by Slack's name. */
function offered(part: object, path: readonly string[] = []): string[] {
  return Object.entries(part).flatMap(([name, value]): string[] => {
    if (typeof value === 'function') return path.length === 0 ? [] : [[...path, name].join('.')];
    const isGroup = typeof value === 'object' && value !== null && path.length < 3;
    return isGroup && Object.getPrototypeOf(value) === Object.prototype
      ? offered(value, [...path, name])
      : [];
  });
}

async function calledMethods(): Promise<string[]> {
  const text = await sources();
  return offered(new webApi.WebClient()).filter((method) => text.includes(`.${method}(`));
}

async function handledEvents(): Promise<string[]> {
  return [...(await sources()).matchAll(/app\.event\('(\w+)'/gu)].flatMap(([, event]) => event ?? []);
}

describe('the Slack manifest in the guide', () => {
  it("grants the scopes of the adapter's calls and events, and no other", async () => {
    const called = await calledMethods();
    expect(called).toEqual(
      expect.arrayContaining(['chat.postMessage', 'chat.update', 'views.open', 'files.getUploadURLExternal']),
    );
    const scopes = new Set(socket.features.slash_commands.map(() => 'commands'));
    for (const name of called) {
      const method = methods[name];
      expect(method, `${name} is called, and the test server does not know it`).toBeDefined();
      if (method?.scope !== undefined && method.for !== 'app') scopes.add(method.scope);
    }
    for (const event of socket.settings.event_subscriptions.bot_events) {
      const scope = scopeOfEvent[event];
      if (scope !== undefined) scopes.add(scope);
    }
    expect([...scopes].sort()).toEqual([...socket.oauth_config.scopes.bot].sort());
  });

  it('grants the scopes that the check and the test server expect', async () => {
    const running = await startSlackServer();
    expect(socket.oauth_config.scopes.bot).toEqual(Object.keys(neededScopes));
    expect(socket.oauth_config.scopes.bot).toEqual([...running.server.scopes]);
    await running.stop();
  });

  it('subscribes to the events that the adapter handles, and no other', async () => {
    const handled = await handledEvents();
    expect(handled).toContain(optionalEvent);
    const usual = handled.filter((event) => event !== optionalEvent);
    expect(usual.sort()).toEqual([...socket.settings.event_subscriptions.bot_events].sort());
    expect(guide).toContain(`the scope \`${scopeOfEvent['message.im']}\` and the event \`message.im\``);
  });

  it('enables the command, forms and buttons, the home tab, and messages to the app', () => {
    expect(socket.features.slash_commands).toMatchObject([{ command: '/hq', should_escape: true }]);
    expect(socket.settings).toMatchObject({
      socket_mode_enabled: true,
      interactivity: { is_enabled: true },
      token_rotation_enabled: false,
    });
    expect(socket.features.app_home).toEqual({
      home_tab_enabled: true,
      messages_tab_enabled: true,
      messages_tab_read_only_enabled: false,
    });
  });

  it('is the same over HTTP, except for the addresses', () => {
    expect(http.settings.socket_mode_enabled).toBe(false);
    expect(http.settings.interactivity.is_enabled).toBe(true);
    expect(http.settings.event_subscriptions.bot_events).toEqual(
      socket.settings.event_subscriptions.bot_events,
    );
    expect(http.features.slash_commands.map(({ url: _address, ...rest }) => rest)).toEqual(
      socket.features.slash_commands,
    );
  });
});

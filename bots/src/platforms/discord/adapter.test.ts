import { createServer } from 'node:http';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type DiscordServer, renderedText, startDiscordServer } from '../../../fakes/discord-server/index.ts';
import type { Adapter, CommandDescription } from '../../contract/adapter.ts';
import type { Card, Handle } from '../../contract/card.ts';
import type { Acknowledgement, ChatLocation, Inbound, Receiver, Reply } from '../../contract/inbound.ts';
import { discord as platform } from './index.ts';

const commands: readonly CommandDescription[] = [
  { path: ['status'], summary: 'How the fleet is', arguments: [], rank: 1 },
  {
    path: ['restart'],
    summary: 'Restarts a gateway',
    arguments: [
      { name: 'gateway', summary: 'Which one', kind: 'text', required: true, completes: true },
      { name: 'lines', summary: 'How many', kind: 'integer', required: false, completes: false, min: 1 },
    ],
    rank: 2,
  },
];

const card = (title: string, more: Partial<Card> = {}): Card => ({ title, tone: 'neutral', ...more });
const publicly: Acknowledgement = { kind: 'working', private: false };
const privately: Acknowledgement = { kind: 'working', private: true };

/** A scripted core that records its deliveries. */
class Core implements Receiver {
  readonly received: { inbound: Inbound; reply: Reply }[] = [];
  take: (inbound: Inbound, reply: Reply) => Promise<Acknowledgement> = async () => publicly;
  complete: Receiver['complete'] = async () => [];

  receive(inbound: Inbound, reply: Reply): Promise<Acknowledgement> {
    this.received.push({ inbound, reply });
    return this.take(inbound, reply);
  }

  last(): { inbound: Inbound; reply: Reply } {
    const last = this.received.at(-1);
    if (!last) throw new Error('Nothing was received');
    return last;
  }
}

let discord: DiscordServer;
let core: Core;
let adapter: Adapter;
let logged: string;

async function create(variables: Record<string, string> = {}): Promise<Adapter> {
  const stream = new PassThrough();
  stream.on('data', (chunk) => {
    logged += String(chunk);
  });
  const configured = platform.configure({
    DISCORD_BOT_TOKEN: discord.token,
    DISCORD_API_URL: discord.apiUrl,
    ...variables,
  });
  if (!configured) throw new Error('not configured');
  return configured.create({ log: pino({ level: 'trace' }, stream) });
}

async function startAll(): Promise<void> {
  adapter = await create();
  await adapter.start(core);
  expect(await adapter.describeCommands(commands)).toEqual({ ok: true, handle: null });
}

beforeEach(async () => {
  logged = '';
  core = new Core();
  discord = await startDiscordServer({ rate: { limit: 100, windowMs: 1000 } });
  await startAll();
});

afterEach(async () => {
  await adapter.stop();
  await discord.close();
});

const placeOf = (channel = discord.home.channel): ChatLocation => ({
  platform: 'discord',
  install: discord.home.guild ?? '@me',
  channel,
  kind: 'group',
  thread: null,
});

/** A port without a server. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('it has no port');
  return address.port;
}

function handleOf(sent: Awaited<ReturnType<Reply['send']>>): Handle {
  if (!sent.ok || !sent.handle) throw new Error(`not sent: ${JSON.stringify(sent)}`);
  return sent.handle;
}

describe("a bot without a server in Discord's greeting", () => {
  it('reports that it needs an invitation until the first interaction in a server', async () => {
    await adapter.stop();
    await discord.close();
    discord = await startDiscordServer({ namesNoServers: true });
    await startAll();
    expect(adapter.health()).toMatchObject({
      state: 'connected',
      detail: expect.stringMatching(/in no server yet/),
    });
    await discord.slash(discord.user('ann'), discord.home, 'restart', { gateway: 'eu-1' });
    expect(adapter.health()).toMatchObject({ state: 'connected', detail: null });
  });
});

describe('interactions', () => {
  it('hand over a command with its user, channel and options, and replace the placeholder by its card', async () => {
    const ann = discord.user('ann');
    const turn = await discord.slash(ann, discord.home, 'restart', { gateway: 'eu-1', lines: '5' });
    expect(turn.message?.loading).toBe(true);
    const { inbound, reply } = core.last();
    expect(inbound).toMatchObject({
      platform: 'discord',
      install: discord.home.guild,
      channel: discord.home.channel,
      kind: 'group',
      thread: null,
      user: ann.id,
      deliveryId: `dc:${turn.interaction.id}`,
      input: { kind: 'options', words: ['restart'], options: { gateway: 'eu-1', lines: '5' } },
    });
    expect(inbound).not.toHaveProperty('stranger');

    const handle = handleOf(await reply.send(card('Restart', { state: 'running' })));
    expect(turn.message && renderedText(turn.message)).toBe('**Restart** — running');
    expect(await adapter.edit(handle, card('Restart', { state: 'done in 3s', tone: 'good' }))).toMatchObject({
      ok: true,
    });
    expect(turn.message && renderedText(turn.message)).toBe('**Restart** — done in 3s');

    await reply.send(card('One more'));
    expect(turn.followUps.map(renderedText)).toEqual(['**One more**']);
  });

  it('use a separate install for direct messages', async () => {
    const ann = discord.user('ann');
    await discord.slash(ann, discord.direct(ann), 'status');
    expect(core.last().inbound).toMatchObject({ install: '@me', kind: 'direct', user: ann.id });
  });

  it('show a private answer to its user alone, even after a public placeholder', async () => {
    const ann = discord.user('ann');
    const bob = discord.user('bob');
    core.take = async () => privately;
    await discord.slash(ann, discord.home, 'status');
    await core.last().reply.send(card('Only for you'));
    core.take = async () => publicly;
    await discord.slash(ann, discord.home, 'status');
    const handle = handleOf(await core.last().reply.send(card('This too'), { private: true }));
    const words = discord.messages(discord.home, ann).map(renderedText);
    expect(words).toEqual(['**Only for you**', '**This too**']);
    expect(discord.messages(discord.home, bob)).toEqual([]);

    await adapter.edit(handle, card('This too, edited'));
    expect(discord.messages(discord.home, ann).map(renderedText)).toContain('**This too, edited**');
  });

  it('hand over a press with its message, and change nothing for a quiet one', async () => {
    const ann = discord.user('ann');
    await adapter.send(
      placeOf(),
      card('Sure?', {
        buttons: [
          { token: 'v1:yes', label: 'Yes', style: 'danger' },
          { token: 'v1:no', label: 'No', style: 'plain' },
        ],
      }),
    );
    const [message] = discord.messages(discord.home);
    if (!message) throw new Error('no message');
    core.take = async () => ({ kind: 'quiet' });
    const turn = await discord.press(ann, message, 'Yes');
    expect(turn.interaction.answered).toBe(6);
    expect(core.last().inbound.input).toEqual({
      kind: 'button',
      token: 'v1:yes',
      message: { channel: discord.home.channel, message: message.id },
    });
    await core.last().reply.send(card('Not yours'), { private: true });
    expect(turn.followUps.map(({ onlyFor }) => onlyFor)).toEqual([ann.id]);

    await adapter.edit({ channel: message.channel, message: message.id }, card('Decided'));
    expect(discord.messages(discord.home).map(renderedText)).toEqual(['**Decided**']);
  });

  it('open a form as the first answer, and hand over its values', async () => {
    const ann = discord.user('ann');
    core.take = async ({ input }) =>
      input.kind === 'form'
        ? publicly
        : {
            kind: 'form',
            form: {
              token: 'f1',
              title: 'Which one, and why? '.repeat(10),
              submit: 'Go',
              words: ['x'],
              fields: [
                { name: 'why', label: 'Why', kind: 'paragraph', required: true },
                {
                  name: 'which',
                  label: 'Which',
                  kind: 'choice',
                  required: false,
                  choices: [
                    { label: 'First', value: 'a' },
                    { label: 'Second', value: 'b' },
                  ],
                },
              ],
            },
          };
    const form = await discord.slash(ann, discord.home, 'status');
    await discord.submit(ann, form, { Why: 'because', Which: 'Second' });
    expect(core.last().inbound.input).toEqual({
      kind: 'form',
      token: 'f1',
      values: { why: 'because', which: 'b' },
    });
  });

  it("complete with the core's choices, asking once for the same input", async () => {
    const ann = discord.user('ann');
    const context: unknown[] = [];
    core.complete = async (sender, request) => {
      context.push([sender.user, request]);
      return Array.from({ length: 30 }, (_, index) => ({ label: `gateway ${index}`, value: `g${index}` }));
    };
    const complete = () =>
      discord.complete(ann, discord.home, 'restart', { gateway: 'ga', lines: '3' }, 'gateway');
    const [first, second] = await Promise.all([complete(), complete()]);
    expect(first).toHaveLength(25);
    expect(second[0]).toEqual({ name: 'gateway 0', value: 'g0' });
    expect(context).toEqual([[ann.id, { words: ['restart'], argument: 'gateway', typed: 'ga' }]]);
  });

  it('hand over the text of /hq run as words', async () => {
    await discord.slash(discord.user('ann'), discord.home, 'run', { words: 'restart eu-1' });
    expect(core.last().inbound.input).toEqual({ kind: 'words', text: 'restart eu-1' });
  });

  it('mark bots and deliveries for another application as strangers', async () => {
    await discord.slash(discord.user('robot', { bot: true }), discord.home, 'status');
    expect(core.last().inbound.stranger).toBe('bot');
    const ann = discord.user('ann');
    const { interaction } = await discord.slash(ann, discord.home, 'status');
    discord.deliver({ ...interaction.payload, id: '990', application_id: '12345' });
    await eventually(() =>
      expect(core.last().inbound).toMatchObject({ deliveryId: 'dc:990', stranger: 'outsider' }),
    );
  });

  it('accept an interaction with the required fields alone', async () => {
    discord.deliver({
      id: '991',
      token: 'tok',
      type: 2,
      channel_id: '5',
      user: { id: '77' },
      data: { name: 'hq', options: [{ name: 'status', type: 1 }] },
    });
    await eventually(() =>
      expect(core.last().inbound).toMatchObject({
        install: '@me',
        kind: 'direct',
        user: '77',
        input: { kind: 'options', words: ['status'], options: {} },
      }),
    );
    discord.deliver({ id: '992', type: 2 });
    discord.deliver({
      id: '993',
      token: 'tok',
      type: 2,
      channel_id: '5',
      user: { id: '77' },
      data: { name: 'hq', options: [{ name: 'text', type: 3, value: 'restart eu-1' }] },
    });
    await eventually(() =>
      expect(core.last().inbound.input).toEqual({ kind: 'words', text: 'restart eu-1' }),
    );
    expect(core.received).toHaveLength(2);
  });
});

describe('acknowledgement', () => {
  it('acknowledges within three seconds though the core does not answer', async () => {
    core.take = () => new Promise(() => undefined);
    const turn = await discord.slash(discord.user('ann'), discord.home, 'status');
    expect(turn.acknowledgedInMs).toBeLessThan(3000);
    expect(turn.message?.loading).toBe(true);
    const { reply } = core.last();
    expect((await reply.send(card('After all'))).ok).toBe(true);
    expect(turn.message && renderedText(turn.message)).toBe('**After all**');
  });

  it('reports a form that comes too late to open', async () => {
    const ann = discord.user('ann');
    const late = Promise.withResolvers<Acknowledgement>();
    core.take = () => late.promise;
    const turn = await discord.slash(ann, discord.home, 'status');
    late.resolve({ kind: 'form', form: { token: 'f', title: 'x', submit: 'x', words: ['x'], fields: [] } });
    await discord.until(() => turn.message && renderedText(turn.message).includes('send the command again'));
  });

  it('reports a failure of the core', async () => {
    core.take = () => Promise.reject(new Error('the port is closed'));
    const turn = await discord.slash(discord.user('ann'), discord.home, 'status');
    await discord.until(() => turn.message && renderedText(turn.message).includes('could not process that'));
  });

  it('handles the same interaction once', async () => {
    const { interaction } = await discord.slash(discord.user('ann'), discord.home, 'status');
    await discord.redeliver(interaction);
    await discord.slash(discord.user('bob'), discord.home, 'status');
    expect(core.received).toHaveLength(2);
    expect(adapter.health().state).toBe('connected');
  });

  it('reports a conflict if a second program answers first, and still sends its answer', async () => {
    discord.script({
      method: 'POST',
      path: /\/callback$/u,
      status: 400,
      body: { message: 'Interaction has already been acknowledged.', code: 40_060 },
      afterwards: true,
      rival: { type: 4, data: { content: 'mine' } },
    });
    const ann = discord.user('ann');
    core.take = async () => privately;
    await discord.slash(ann, discord.home, 'status');
    await eventually(() => expect(adapter.health()).toMatchObject({ state: 'conflict' }));
    expect((await core.last().reply.send(card('Ours'))).ok).toBe(true);
    expect(discord.messages(discord.home, ann).map(renderedText)).toEqual(['mine', '**Ours**']);
    expect(discord.messages(discord.home).map(renderedText)).toEqual(['mine']);
  });

  it('retries if the first attempt fails at Discord', async () => {
    discord.script({ method: 'POST', path: /\/callback$/u, status: 502, body: 'bad gateway' });
    const turn = await discord.slash(discord.user('ann'), discord.home, 'status');
    expect(turn.message?.loading).toBe(true);
    discord.script({ method: 'POST', path: /\/callback$/u, status: 502, afterwards: true });
    const lost = await discord.slash(discord.user('ann'), discord.home, 'status');
    await eventually(() =>
      expect(discord.requests.filter(({ path }) => path.endsWith('/callback'))).toHaveLength(4),
    );
    await core.last().reply.send(card('Here'));
    expect(lost.message && renderedText(lost.message)).toBe('**Here**');
    expect(adapter.health().state).toBe('connected');
  });

  it('answers an interaction that Discord forgot in the channel, and a private one by direct message', async () => {
    const ann = discord.user('ann');
    const direct = discord.direct(ann);
    const unknown = { message: 'Unknown interaction', code: 10_062 };
    for (const acknowledgement of [publicly, privately]) {
      core.take = async () => acknowledgement;
      discord.script({ method: 'POST', path: /\/callback$/u, status: 404, body: unknown });
      const turn = discord.slash(ann, discord.home, 'status');
      turn.catch(() => undefined);
      await eventually(() => expect(core.received.length).toBe(acknowledgement === publicly ? 1 : 2));
      expect((await core.last().reply.send(card('Anyway'))).ok).toBe(true);
    }
    expect(discord.messages(discord.home).map(renderedText)).toEqual(['**Anyway**']);
    expect(discord.messages(direct).map(renderedText)).toEqual(['**Anyway**']);
  });
});

describe('after fifteen minutes', () => {
  it('edits a public card with the bot’s own token; a private one is gone', async () => {
    const ann = discord.user('ann');
    await discord.slash(ann, discord.home, 'status');
    const open = handleOf(await core.last().reply.send(card('Running')));
    core.take = async () => privately;
    await discord.slash(ann, discord.home, 'status');
    const closed = handleOf(await core.last().reply.send(card('Running')));
    expect(JSON.stringify([open, closed])).not.toContain(core.last().inbound.deliveryId.slice(3));
    discord.advance(16 * 60_000);
    expect(await adapter.edit(open, card('Done'))).toMatchObject({ ok: true });
    expect(await adapter.edit(closed, card('Done'))).toEqual({ ok: false, problem: { kind: 'gone' } });
    expect(discord.messages(discord.home).map(renderedText)).toEqual(['**Done**']);
  });

  it('sends a late answer as a separate message', async () => {
    await discord.slash(discord.user('ann'), discord.home, 'status');
    discord.advance(16 * 60_000);
    await core.last().reply.send(card('Late'));
    expect(discord.messages(discord.home).map(renderedText)).toContain('**Late**');
  });

  it('lets another process edit a message of this one', async () => {
    await discord.slash(discord.user('ann'), discord.home, 'status');
    const handle = handleOf(await core.last().reply.send(card('Running')));
    await adapter.stop();
    await startAll();
    expect(await adapter.edit(handle, card('Done'))).toMatchObject({ ok: true });
    expect(discord.messages(discord.home).map(renderedText)).toEqual(['**Done**']);
  });
});

describe('the connection', () => {
  it('receives a command of the time without connection after a resume', async () => {
    discord.gateway.drop();
    await eventually(() => expect(adapter.health().state).toBe('reconnecting'));
    const turn = await discord.slash(discord.user('ann'), discord.home, 'status');
    await core.last().reply.send(card('Here'));
    expect(turn.message && renderedText(turn.message)).toBe('**Here**');
    expect(discord.gateway).toMatchObject({ identified: 1, resumed: 1 });
    expect(adapter.health()).toMatchObject({ state: 'connected', detail: null });
  });

  it('identifies again if its session is unknown', async () => {
    discord.gateway.order(9, false);
    await eventually(() => expect(discord.gateway.identified).toBe(2));
    await eventually(() => expect(adapter.health().state).toBe('connected'));
    await discord.slash(discord.user('ann'), discord.home, 'status');
  });

  it("reconnects and sends heartbeats on Discord's request", async () => {
    discord.gateway.order(1);
    await eventually(() => expect(discord.gateway.heartbeats).toBeGreaterThan(0));
    discord.gateway.order(7);
    await eventually(() => expect(discord.gateway.resumed).toBe(1));
    expect(discord.gateway.lastIntents).toBe(1);
  });

  it('reports a token that was reset, and does not retry it at once', async () => {
    discord.revokeToken();
    await eventually(() => expect(adapter.health()).toMatchObject({ state: 'revoked' }));
    expect(await adapter.send(placeOf(), card('x'))).toMatchObject({ ok: false, problem: { kind: 'away' } });
    expect(discord.gateway.connected).toBe(0);
    expect(discord.gateway.identified).toBe(1);
  });

  it('reports a wrong token at its start, and retries one without Discord', async () => {
    const wrong = await create({ DISCORD_BOT_TOKEN: 'MTIz.abc.def' });
    await wrong.start(core);
    expect(wrong.health().state).toBe('revoked');
    expect(logged).toContain('Create a new token');
    await wrong.stop();

    const away = await create({ DISCORD_API_URL: `http://127.0.0.1:${await closedPort()}/api` });
    await away.start(core);
    expect(away.health()).toMatchObject({
      state: 'reconnecting',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    await away.stop();
    expect(away.health().state).toBe('stopped');
  });

  it('stays closed after a stop, even during a reconnection', async () => {
    discord.gateway.drop();
    await eventually(() => expect(adapter.health().state).toBe('reconnecting'));
    await adapter.stop();
    const identified = discord.gateway.identified + discord.gateway.resumed;
    // A reconnection of the library comes half a second after the loss.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(discord.gateway.connected).toBe(0);
    expect(discord.gateway.identified + discord.gateway.resumed).toBe(identified);
  });
});

describe('a second start', () => {
  it('connects again and handles each interaction once', async () => {
    await adapter.stop();
    expect(adapter.health().state).toBe('stopped');
    await adapter.start(core);
    expect(adapter.health()).toMatchObject({ state: 'connected', detail: null });
    expect(discord.gateway).toMatchObject({ identified: 2, connected: 1 });
    const turn = await discord.slash(discord.user('ann'), discord.home, 'status');
    await core.last().reply.send(card('Here'));
    expect(turn.message && renderedText(turn.message)).toBe('**Here**');
    expect(core.received).toHaveLength(1);
  });
});

describe('sending', () => {
  it("mentions nobody and stays within Discord's limits, whatever a card holds", async () => {
    const evil = '@everyone <@1> <@&2> ```js\n[x](http://evil.example) ||x||\u202e\u001b[31m';
    const sent = await adapter.send(
      placeOf(),
      card(evil, {
        state: evil,
        fields: Array.from({ length: 40 }, () => ({ label: evil, value: evil.repeat(100) })),
        body: [
          { kind: 'text', text: evil },
          { kind: 'log', text: evil.repeat(500) },
        ],
        buttons: Array.from({ length: 40 }, (_, index) => ({
          token: `t${index}`,
          label: evil.repeat(9),
          style: 'plain',
        })),
        stamp: evil,
        footer: evil.repeat(100),
      }),
    );
    expect(sent).toMatchObject({ ok: true });
    const [message] = discord.messages(discord.home);
    expect(message?.pings).toEqual([]);
  });

  it('sends a file with its note', async () => {
    const file = { name: '../logs of eu 1.txt', text: 'line\n'.repeat(5000), note: 'All of it' };
    expect(await adapter.file(placeOf(), file)).toMatchObject({ ok: true });
    const [message] = discord.messages(discord.home);
    expect(message?.attachments).toEqual([
      { filename: expect.stringMatching(/^[\w.-]+$/u), text: file.text },
    ]);
    expect(message?.content).toBe('All of it');
  });

  it('classifies each refusal of a chat', async () => {
    const handle = handleOf(await adapter.send(placeOf(), card('x')));
    discord.setAccess(discord.home, 'forbidden');
    expect(await adapter.send(placeOf(), card('x'))).toMatchObject({
      ok: false,
      problem: { kind: 'closed' },
    });
    discord.setAccess(discord.home, 'open');
    expect(await adapter.send(placeOf('404'), card('x'))).toMatchObject({ problem: { kind: 'closed' } });
    expect(await adapter.edit({ ...handle, message: '404' }, card('x'))).toEqual({
      ok: false,
      problem: { kind: 'gone' },
    });
    const messages = /^\/channels\/\d+\/messages$/u;
    discord.script({ method: 'POST', path: messages, status: 503, body: 'no' });
    expect(await adapter.send(placeOf(), card('x'))).toMatchObject({ problem: { kind: 'away' } });
    discord.script({
      method: 'POST',
      path: messages,
      status: 429,
      body: { message: 'slow', retry_after: 2, global: false },
      headers: { 'retry-after': '2' },
    });
    const limited = await adapter.send(placeOf(), card('x'));
    expect(limited).toMatchObject({ ok: false, problem: { kind: 'wait' } });
  });

  it('creates a message once although the answer to it was lost', async () => {
    discord.script({
      method: 'POST',
      path: /^\/channels\/\d+\/messages$/u,
      status: 504,
      body: 'too late',
      afterwards: true,
    });
    expect(await adapter.send(placeOf(), card('Alert'))).toMatchObject({ problem: { kind: 'away' } });
    expect(await adapter.send(placeOf(), card('Alert'))).toMatchObject({ ok: true });
    expect(discord.messages(discord.home)).toHaveLength(1);
    await adapter.send(placeOf(), card('Alert'));
    expect(discord.messages(discord.home)).toHaveLength(2);
  });

  it('registers commands at the next connection after a failure', async () => {
    discord.script({ method: 'PUT', path: /commands$/u, status: 503, body: 'no' });
    expect(await adapter.describeCommands(commands)).toMatchObject({ problem: { kind: 'away' } });
    discord.gateway.drop();
    await eventually(() => expect(adapter.health()).toMatchObject({ state: 'connected', detail: null }));
  });

  it('reports refused commands in its health, and keeps working', async () => {
    discord.script({ method: 'PUT', path: /commands$/u, status: 404, body: 'Not Found' });
    expect(await adapter.describeCommands(commands)).toMatchObject({ ok: false });
    expect(adapter.health()).toMatchObject({
      state: 'connected',
      detail: expect.stringContaining('not registered'),
    });
    await discord.slash(discord.user('ann'), discord.home, 'status');
  });
});

describe('secrets', () => {
  it('are never logged: neither the bot’s token nor an interaction’s', async () => {
    const tokens: string[] = [];
    const ann = discord.user('ann');
    for (const status of [500, 403, 404, 429, 401]) {
      const { interaction } = await discord.slash(ann, discord.home, 'status');
      tokens.push(interaction.token);
      const body = { message: 'no', code: 0, retry_after: 1, global: false };
      discord.script({
        method: 'PATCH',
        path: /@original|%40original/u,
        status,
        body,
        headers: { 'retry-after': '1' },
      });
      await core.last().reply.send(card('x'));
      discord.script({ method: 'POST', path: /\/callback$/u, status: 400, body });
      discord.slash(ann, discord.home, 'status').catch(() => undefined);
    }
    await eventually(() => expect(logged).toContain('could not be acknowledged'));
    expect(logged).not.toContain(discord.token);
    for (const token of tokens) expect(logged).not.toContain(token);
  });
});

describe('signed interactions by HTTP', () => {
  it('replace the gateway entirely', async () => {
    await adapter.stop();
    const identified = discord.gateway.identified;
    adapter = await create({ DISCORD_PUBLIC_KEY: discord.publicKey, DISCORD_LISTEN: '127.0.0.1:0' });
    await adapter.start(core);
    const port = /"port":(\d+)/u.exec(logged)?.[1];
    expect(await discord.useEndpoint(`http://127.0.0.1:${port}/`)).toBe(true);
    const ann = discord.user('ann');
    const turn = await discord.slash(ann, discord.home, 'status');
    const handle = handleOf(await core.last().reply.send(card('Here')));
    expect(turn.message && renderedText(turn.message)).toBe('**Here**');
    await adapter.edit(handle, card('Edited'));
    expect(turn.message && renderedText(turn.message)).toBe('**Edited**');
    core.complete = async () => [{ label: 'a', value: 'a' }];
    expect(await discord.complete(ann, discord.home, 'restart', { gateway: 'a' }, 'gateway')).toEqual([
      { name: 'a', value: 'a' },
    ]);
    expect(discord.gateway.identified).toBe(identified);
    expect(adapter.health()).toMatchObject({ state: 'connected' });
  });
});

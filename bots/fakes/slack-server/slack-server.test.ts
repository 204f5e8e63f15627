import { once } from 'node:events';
import { webApi } from '@slack/bolt';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '../../../db/testing/eventually.ts';
import { libraryLog } from '../../src/platforms/slack/library-log.ts';
import { type RunningSlack, type SlackChannel, type SlackUser, startSlackServer } from './index.ts';

let running: RunningSlack;
let ann: SlackUser;
let ops: SlackChannel;

beforeEach(async () => {
  running = await startSlackServer();
  ann = running.server.workspace.user('ann');
  ops = running.server.workspace.channel('ops', [ann]);
});
afterEach(() => running.stop());

function client(token: string = running.server.botToken): webApi.WebClient {
  return new webApi.WebClient(token, {
    slackApiUrl: running.server.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: libraryLog(pino({ level: 'silent' })),
  });
}

/** Slack's error code. */
async function refusal(calling: Promise<unknown>): Promise<string> {
  try {
    await calling;
    return 'ok';
  } catch (error) {
    if (error instanceof webApi.WebAPIPlatformError) return error.data.error;
    throw error;
  }
}

describe('the Web API', () => {
  it('accepts each token for its methods only', async () => {
    expect(await refusal(client('xoxb-other').auth.test())).toBe('invalid_auth');
    expect(
      await refusal(client(running.server.appToken).chat.postMessage({ channel: ops.id, text: 'x' })),
    ).toBe('not_allowed_token_type');
    running.server.revoke(running.server.botToken);
    expect(await refusal(client().auth.test())).toBe('token_revoked');
    const bare = await fetch(`${running.server.apiUrl}auth.test`, { method: 'POST' });
    expect(await bare.json()).toMatchObject({ ok: false, error: 'not_authed' });
  });

  it('requires the scopes', async () => {
    const { response_metadata: about } = await client().auth.test();
    expect(about?.scopes).toEqual(['commands', 'chat:write', 'files:write', 'app_mentions:read']);
    expect(await refusal(client().users.info({ user: ann.id }))).toBe('missing_scope');
    expect(await refusal(client().apiCall('made.up'))).toBe('unknown_method');
  });

  it.each([
    [
      'a header that is too long',
      [{ type: 'header', text: { type: 'plain_text', text: 'x'.repeat(151) } }],
      'invalid_blocks',
    ],
    ['an empty text', [{ type: 'section', text: { type: 'plain_text', text: '' } }], 'invalid_blocks'],
    ['a field that Slack does not know', [{ type: 'divider', colour: 'red' }], 'invalid_blocks'],
    ['too many blocks', Array.from({ length: 51 }, () => ({ type: 'divider' })), 'invalid_blocks'],
    [
      'one block_id twice',
      [
        { type: 'divider', block_id: 'a' },
        { type: 'divider', block_id: 'a' },
      ],
      'invalid_blocks',
    ],
    [
      'more text than a message holds',
      Array.from({ length: 5 }, () => ({
        type: 'section',
        text: { type: 'plain_text', text: 'x'.repeat(2999) },
      })),
      'msg_blocks_too_long',
    ],
  ])('refuses %s', async (_what, blocks, error) => {
    const posting = client().apiCall('chat.postMessage', { channel: ops.id, text: 'x', blocks });
    expect(await refusal(posting)).toBe(error);
    expect(running.server.workspace.messages).toEqual([]);
  });

  it('refuses what cannot be posted, edited or opened', async () => {
    const { chat, views } = client();
    expect(await refusal(chat.postMessage({ channel: 'C0NONE', text: 'x' }))).toBe('channel_not_found');
    expect(await refusal(chat.postMessage({ channel: ops.id, text: 'x'.repeat(4001) }))).toBe('msg_too_long');
    const away = running.server.workspace.channel('away', [ann], false);
    expect(await refusal(chat.postMessage({ channel: away.id, text: 'x' }))).toBe('not_in_channel');
    expect(await refusal(chat.update({ channel: ops.id, ts: '1.1', text: 'x' }))).toBe('message_not_found');
    const eve = running.server.workspace.user('eve');
    expect(await refusal(chat.postEphemeral({ channel: ops.id, user: eve.id, text: 'x' }))).toBe(
      'user_not_in_channel',
    );
    const view = {
      type: 'modal' as const,
      title: { type: 'plain_text' as const, text: 'x' },
      blocks: [{ type: 'divider' as const }],
    };
    const trigger = running.server.newTrigger(ann.id);
    await views.open({ trigger_id: trigger, view });
    expect(await refusal(views.open({ trigger_id: trigger, view }))).toBe('exchanged_trigger_id');
    expect(await refusal(views.open({ trigger_id: 'x', view }))).toBe('invalid_trigger_id');
  });

  it('returns the time to wait', async () => {
    running.server.limitRate('auth.test', 3);
    await expect(client().auth.test()).rejects.toMatchObject({ retryAfter: 3 });
    expect(await refusal(client().auth.test())).toBe('ok');
  });
});

it('opens one connection for one ticket', async () => {
  const { url } = await client(running.server.appToken).apps.connections.open({});
  const links = [new WebSocket(url ?? ''), new WebSocket(url ?? '')];
  const outcomes = await Promise.all(
    links.map(
      (link) =>
        new Promise<string>((resolve) => {
          link.once('message', (data) => resolve(JSON.parse(String(data)).type));
          link.once('error', () => resolve('refused'));
        }),
    ),
  );
  expect(outcomes.sort()).toEqual(['hello', 'refused']);
  for (const link of links) link.terminate();
});

/** An open connection and the types of its frames. */
async function open(types: string[] = []): Promise<WebSocket> {
  const { url } = await client(running.server.appToken).apps.connections.open({});
  const link = new WebSocket(url ?? '');
  link.on('message', (data) => types.push(JSON.parse(String(data)).type));
  await once(link, 'open');
  await eventually(() => expect(running.server.sockets.count).toBe(1));
  return link;
}

it('closes connections on demand, and reports the lost deliveries', async () => {
  const types: string[] = [];
  const link = await open(types);
  const closed = once(link, 'close');
  const bringing = running.actions.slash(ann, ops, 'status');
  await eventually(() => expect(types).toEqual(['hello', 'slash_commands']));
  running.server.sockets.drop(4000);
  const receipt = await bringing;
  expect((await closed)[0]).toBe(4000);
  expect(receipt.acknowledged).toBe(false);
});

it('stalls until there is another connection', async () => {
  const silent = await open();
  running.server.sockets.stall();
  let answers = 0;
  silent.on('pong', () => {
    answers += 1;
  });
  silent.ping();
  const closed = once(silent, 'close');
  const next = await open();
  await closed;
  expect(answers).toBe(0);
  next.terminate();
});

it('omits the hello on demand', async () => {
  running.server.sockets.skippedHellos = 1;
  const types: string[] = [];
  const link = await open(types);
  running.server.sockets.recycle('warning');
  await eventually(() => expect(types).toEqual(['disconnect']));
  link.terminate();
});

it('breaks the connection of a call, once', async () => {
  running.server.fail('auth.test', { hangsUp: true });
  await expect(client().auth.test()).rejects.toThrow();
  expect(await refusal(client().auth.test())).toBe('ok');
});

it('answers through a response URL five times', async () => {
  const url = running.server.newResponseUrl(ops.id, ann.id);
  const say = () => fetch(url, { method: 'POST', body: JSON.stringify({ text: 'x' }) });
  for (let use = 1; use <= 5; use += 1) expect((await say()).status).toBe(200);
  expect((await say()).status).toBe(404);
});

it('lists the targets that a message would notify', () => {
  const message = running.server.workspace.post({
    channel: ops.id,
    thread: undefined,
    author: ann.id,
    onlyFor: undefined,
    text: `<!channel> <@${ann.id}> &lt;!here&gt; <!subteam^S1|ops>`,
    blocks: undefined,
  });
  expect(running.server.workspace.render(message)).toEqual({
    text: `<!channel> <@${ann.id}> <!here> <!subteam^S1|ops>`,
    notified: ['channel', ann.id, 'S1'],
  });
});

it('reports a delivery without an acknowledgement', async () => {
  const receipt = await running.actions.slash(ann, ops, 'status');
  expect(receipt).toMatchObject({ acknowledged: false, answer: {} });
});

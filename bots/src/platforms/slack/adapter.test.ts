import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import type { SlackChannel, SlackMessage, SlackUser } from '../../../fakes/slack-server/index.ts';
import { type SlackBot, startSlackBot } from '../../../testing/slack-bot.ts';
import type { Card } from '../../contract/card.ts';
import type { ChatLocation } from '../../contract/inbound.ts';

let bot: SlackBot;
let ann: SlackUser;
let ops: SlackChannel;

beforeEach(async () => {
  bot = await startSlackBot();
  ann = bot.slack.server.workspace.user('ann');
  ops = bot.slack.server.workspace.channel('ops', [ann]);
});
afterEach(() => bot.stop());

const card: Card = {
  title: 'Restart the gateway',
  tone: 'good',
  state: 'done in 12s',
  fields: [{ label: 'Gateway', value: 'default' }],
  body: [
    { kind: 'text', text: 'It came back with ' },
    { kind: 'code', text: 'v2' },
    { kind: 'log', text: 'stopping\nstarted' },
  ],
  buttons: [
    { token: 'v1:aaaa', label: 'Again', style: 'danger' },
    { token: 'v1:bbbb', label: 'Logs', style: 'plain' },
  ],
  stamp: 'confirmed by ann@example.org, 14:02 UTC',
};

const location = (): ChatLocation => ({
  platform: 'slack',
  install: bot.slack.server.workspace.team,
  channel: ops.id,
  kind: 'group',
  thread: null,
});
const seen = (message: SlackMessage | undefined): string =>
  message === undefined ? '' : bot.slack.server.workspace.render(message).text;
const standing = (user?: SlackUser): SlackMessage[] =>
  bot.slack.server.workspace.visibleMessages(ops.id, user?.id);
async function received(count = 1) {
  await eventually(() => expect(bot.core.received).toHaveLength(count));
  return bot.core.last;
}
async function posted(): Promise<SlackMessage> {
  await bot.adapter.send(location(), card);
  const message = standing().at(-1);
  if (message === undefined) throw new Error('nothing was posted');
  return message;
}

describe('messages and commands', () => {
  it('hand over the words of /hq as typed, with immutable ids', async () => {
    const receipt = await bot.slack.actions.slash(ann, ops, 'restart <a> & "b"');
    expect(receipt.acknowledged).toBe(true);
    const { inbound } = await received();
    expect(inbound).toMatchObject({
      platform: 'slack',
      install: bot.slack.server.workspace.team,
      channel: ops.id,
      kind: 'group',
      thread: null,
      user: ann.id,
      deliveryId: `sl:${String(receipt.delivery.payload.trigger_id)}`,
      input: { kind: 'words', text: 'restart <a> & "b"' },
    });
    expect(inbound).not.toHaveProperty('stranger');
  });

  it('identify a direct conversation by its id, whatever a channel is called', async () => {
    await bot.slack.actions.slash(ann, bot.slack.server.workspace.direct(ann), 'status');
    expect((await received()).inbound.kind).toBe('direct');
    const group = bot.slack.server.workspace.channel('directmessage', [ann]);
    await bot.slack.actions.slash(ann, group, 'status');
    expect((await received(2)).inbound.kind).toBe('group');
  });

  it('hand over a mention in a thread, and answer there', async () => {
    const root = await posted();
    const receipt = await bot.slack.actions.mention(ann, ops, 'status prod', { thread: root.ts });
    expect(receipt.acknowledged).toBe(true);
    const { inbound, reply } = await received();
    expect(inbound).toMatchObject({
      thread: root.ts,
      input: { kind: 'words', text: 'status prod' },
      deliveryId: `sl:${String(receipt.delivery.payload.event_id)}`,
    });
    await reply.send(card);
    expect(standing().at(-1)).toMatchObject({ thread: root.ts });
  });

  it('mark a plain direct message as an answer', async () => {
    const direct = bot.slack.server.workspace.direct(ann);
    await bot.slack.actions.event({
      type: 'message',
      channel_type: 'im',
      user: ann.id,
      text: 'yes',
      channel: direct.id,
      ts: '1.1',
    });
    expect((await received()).inbound).toMatchObject({
      kind: 'direct',
      input: { kind: 'words', text: 'yes', answer: true },
    });
  });

  it('distinguish two commands to which Slack gave no id', async () => {
    const nameless = { payload: { trigger_id: undefined, response_url: undefined } };
    await bot.slack.actions.slash(ann, ops, 'status', nameless);
    await bot.slack.actions.slash(ann, ops, 'status', nameless);
    await received(2);
    expect(new Set(bot.core.received.map(({ inbound }) => inbound.deliveryId)).size).toBe(2);
  });

  it('ignore messages of the bot itself', async () => {
    const { botUser, botId } = bot.slack.server.workspace;
    await bot.slack.actions.mention(ann, ops, 'x', { event: { user: botUser } });
    await bot.slack.actions.mention(ann, ops, 'x', { event: { bot_id: botId } });
    await bot.slack.actions.slash(ann, ops, 'status');
    expect((await received()).inbound.input).toEqual({ kind: 'words', text: 'status' });
  });

  it.each([
    ['a bot', { event: { bot_id: 'B0OTHER' } }, 'bot'],
    ['a guest over Slack Connect', { event: { team: 'T0OTHER' } }, 'outsider'],
    [
      'an unknown user in a shared channel',
      { event: { team: undefined }, payload: { is_ext_shared_channel: true } },
      'outsider',
    ],
    ['another app', { payload: { api_app_id: 'A0OTHER' } }, 'outsider'],
    ['another workspace', { payload: { team_id: 'T0OTHER' } }, 'outsider'],
  ] as const)('marks a mention by %s as a stranger', async (_who, tampered, stranger) => {
    await bot.slack.actions.mention(ann, ops, 'status', tampered);
    expect((await received()).inbound.stranger).toBe(stranger);
  });

  it('keep the id of a foreign workspace on every surface', async () => {
    const message = await posted();
    const foreign = { payload: { team_id: 'T0OTHER', team: { id: 'T0OTHER' } } };
    await bot.slack.actions.slash(ann, ops, 'status', foreign);
    await bot.slack.actions.press(ann, message, 'Again', foreign);
    await bot.slack.actions.mention(ann, ops, 'status', foreign);
    await received(3);
    for (const { inbound } of bot.core.received)
      expect(inbound).toMatchObject({ install: 'T0OTHER', stranger: 'outsider' });
  });
});

describe('answers', () => {
  it('answers a command so that only its user sees it', async () => {
    await bot.slack.actions.slash(ann, ops, 'usage');
    const { reply } = await received();
    expect(await reply.send(card, { private: true })).toMatchObject({ ok: true, handle: null });
    expect(standing()).toHaveLength(0);
    expect(seen(standing(ann)[0])).toContain('done in 12s');
  });

  it('answers publicly with a message that can be edited', async () => {
    await bot.slack.actions.slash(ann, ops, 'restart');
    const sent = await (await received()).reply.send(card);
    if (!sent.ok || sent.handle === null) throw new Error('it has no handle');
    expect(await bot.adapter.edit(sent.handle, { title: 'Gone on', tone: 'neutral' })).toEqual(sent);
    expect(standing().map(seen)).toEqual(['Gone on']);
  });

  it('shows a placeholder if the answer takes long, and replaces it by the answer', async () => {
    await bot.slack.actions.slash(ann, ops, 'usage');
    const { reply } = await received();
    await eventually(() => expect(seen(standing(ann)[0])).toContain('Working on it'));
    await reply.send(card, { private: true });
    expect(standing(ann).map(seen)).toEqual([expect.stringContaining('done in 12s')]);
  });

  it('deletes the placeholder if the answer is public', async () => {
    await bot.slack.actions.slash(ann, ops, 'restart');
    const { reply } = await received();
    await eventually(() => expect(standing(ann)).toHaveLength(1));
    await reply.send(card);
    expect(standing(ann).map(seen)).toEqual([expect.stringContaining('done in 12s')]);
    expect(standing()).toHaveLength(1);
  });

  it('answers in a channel without the bot, and explains the limitation', async () => {
    const other = bot.slack.server.workspace.channel('other', [ann], false);
    await bot.slack.actions.slash(ann, other, 'status');
    expect(await (await received()).reply.send(card)).toMatchObject({ ok: true, handle: null });
    const [message] = bot.slack.server.workspace.visibleMessages(other.id);
    expect(seen(message)).toContain('/invite');
  });

  it('keeps answering privately after the last use of the response URL', async () => {
    await bot.slack.actions.slash(ann, ops, 'help');
    const { reply } = await received();
    for (let page = 1; page <= 7; page += 1)
      expect(await reply.send({ title: `Page ${page}`, tone: 'neutral' }, { private: true })).toMatchObject({
        ok: true,
      });
    expect(standing(ann).map(seen)).toEqual(Array.from({ length: 7 }, (_, at) => `Page ${at + 1}`));
  });

  it('answers privately if the response URL fails', async () => {
    await bot.slack.actions.slash(ann, ops, 'usage', {
      payload: { response_url: 'http://127.0.0.1:1/gone' },
    });
    const { reply } = await received();
    for (const title of ['One', 'Two']) await reply.send({ title, tone: 'neutral' }, { private: true });
    expect(standing(ann).map(seen)).toEqual(['One', 'Two']);
    expect(standing()).toEqual([]);
  });

  it('acknowledges within three seconds although the core hangs', async () => {
    let release = (): void => undefined;
    bot.core.delay = new Promise((resolve) => {
      release = () => resolve();
    });
    const message = await posted();
    const receipts = await Promise.all([
      bot.slack.actions.slash(ann, ops, 'status'),
      bot.slack.actions.press(ann, message, 'Again'),
      bot.slack.actions.mention(ann, ops, 'status'),
    ]);
    expect(receipts.map((receipt) => receipt.acknowledged)).toEqual([true, true, true]);
    release();
    await received(3);
  });

  it('handles a repeated command although another server gives it the same ids', async () => {
    const ids = { payload: { trigger_id: '1.2.same', event_id: 'EvSAME' } };
    for (const _ of [1, 2]) await bot.slack.actions.slash(ann, ops, 'status', ids);
    for (const _ of [1, 2]) await bot.slack.actions.mention(ann, ops, 'status', ids);
    await received(4);
  });

  it('handles a redelivered command or press once, and acknowledges it each time', async () => {
    const message = await posted();
    const command = await bot.slack.actions.slash(ann, ops, 'status');
    const press = await bot.slack.actions.press(ann, message, 'Again');
    for (const first of [command, press, command, press])
      expect((await bot.slack.actions.redeliver(first)).acknowledged).toBe(true);
    await bot.slack.actions.slash(ann, ops, 'help');
    await received(3);
    expect(bot.core.received.map(({ inbound }) => inbound.input)).toMatchObject([
      { text: 'status' },
      { kind: 'button' },
      { text: 'help' },
    ]);
  });

  it('handles a redelivered mention once, and acknowledges it each time', async () => {
    const first = await bot.slack.actions.mention(ann, ops, 'restart');
    for (const attempt of [1, 2, 3])
      expect((await bot.slack.actions.redeliver(first, attempt)).acknowledged).toBe(true);
    await bot.slack.actions.mention(ann, ops, 'status');
    await received(2);
    expect(bot.core.received.map(({ inbound }) => inbound.input)).toMatchObject([
      { text: 'restart' },
      { text: 'status' },
    ]);
  });
});

describe('buttons', () => {
  it('hand over the token and the message alone', async () => {
    const message = await posted();
    await bot.slack.actions.press(ann, message, 'Again');
    expect((await received()).inbound).toMatchObject({
      user: ann.id,
      channel: ops.id,
      input: { kind: 'button', token: 'v1:aaaa', message: { channel: ops.id, ts: message.ts } },
    });
  });

  it('hand over a press on a foreign button, which the core refuses', async () => {
    const message = await posted();
    const actions = [
      { type: 'button', action_id: 'forged', block_id: 'b', value: 'v1:guess', action_ts: '1.1' },
    ];
    const receipt = await bot.slack.actions.press(ann, message, 'Again', { payload: { actions } });
    expect(receipt.acknowledged).toBe(true);
    expect((await received()).inbound.input).toMatchObject({ kind: 'button', token: 'v1:guess' });
  });

  it('let an ephemeral message be edited while Slack permits it', async () => {
    await bot.slack.actions.slash(ann, ops, 'restart');
    await (await received()).reply.send(card, { private: true });
    const [question] = standing(ann);
    if (question === undefined) throw new Error('there is no question');
    await bot.slack.actions.press(ann, question, 'Again');
    const { inbound } = await received(2);
    if (inbound.input.kind !== 'button' || inbound.input.message === null) throw new Error('no message');
    expect(
      await bot.adapter.edit(inbound.input.message, { title: 'Confirmed', tone: 'neutral' }),
    ).toMatchObject({
      ok: true,
    });
    expect(standing(ann).map(seen)).toEqual(['Confirmed']);
  });

  it('report an ephemeral message as gone without its response URL', async () => {
    expect(await bot.adapter.edit({ channel: ops.id, ts: '1.1', seen_by: 'one' }, card)).toEqual({
      ok: false,
      problem: { kind: 'gone' },
    });
  });
});

describe('forms', () => {
  const form = {
    token: 'f1:abc',
    title: 'Set a budget for an agent of this workspace',
    submit: 'Set',
    words: ['budget', 'set'],
    fields: [
      {
        name: 'agent',
        label: 'Agent',
        kind: 'text',
        required: true,
        completes: true,
      },
      { name: 'amount', label: 'Amount', kind: 'text', required: true, maxLength: 20 },
      {
        name: 'period',
        label: 'Period',
        kind: 'choice',
        required: false,
        choices: [{ label: 'Month', value: 'month' }],
      },
    ],
  } as const;

  async function opened() {
    bot.core.acknowledgement = { kind: 'form', form };
    await bot.slack.actions.slash(ann, ops, 'budget set');
    return eventually(() => {
      const view = bot.slack.actions.openView(ann);
      if (view === undefined) throw new Error('no form is open');
      return view;
    });
  }

  it('open, and hand over their values with the location of the request', async () => {
    const view = await opened();
    bot.core.acknowledgement = { kind: 'working', private: true };
    const receipt = await bot.slack.actions.submit(ann, view, {
      Agent: 'mia',
      Amount: '10',
      Period: 'month',
    });
    expect(receipt).toMatchObject({ acknowledged: true, answer: {} });
    const { inbound, reply } = await received(2);
    expect(inbound).toMatchObject({
      channel: ops.id,
      kind: 'group',
      user: ann.id,
      input: { kind: 'form', token: 'f1:abc', values: { agent: 'mia', amount: '10', period: 'month' } },
    });
    await reply.send(card, { private: true });
    expect(standing(ann)).toHaveLength(1);
  });

  it('hand over the message with the button that opened them', async () => {
    const message = await posted();
    bot.core.acknowledgement = { kind: 'form', form };
    await bot.slack.actions.press(ann, message, 'Again');
    const view = await eventually(() => {
      const open = bot.slack.actions.openView(ann);
      if (open === undefined) throw new Error('no form is open');
      return open;
    });
    await bot.slack.actions.submit(ann, view, { Agent: 'mia', Amount: '10' });
    expect((await received(2)).inbound.input).toMatchObject({
      kind: 'form',
      message: { channel: ops.id, ts: message.ts },
    });
  });

  it("complete with the core's choices and the typed value", async () => {
    const view = await opened();
    bot.core.choices = [{ label: 'Mia (ready)', value: 'mia' }];
    const { options } = await bot.slack.actions.suggest(ann, view, 'Agent', 'mi');
    expect(options.map((option) => [option.text.text, option.value])).toEqual([
      ['Mia (ready)', 'mia'],
      ['mi', 'mi'],
    ]);
    expect(bot.core.context[0]).toMatchObject({
      sender: { user: ann.id, channel: ops.id, install: bot.slack.server.workspace.team },
      request: { words: ['budget', 'set'], argument: 'agent', typed: 'mi' },
    });
  });

  it('complete with the typed value while the core hangs', async () => {
    const view = await opened();
    let release = (): void => undefined;
    bot.core.delay = new Promise((resolve) => {
      release = () => resolve();
    });
    const { receipt, options } = await bot.slack.actions.suggest(ann, view, 'Agent', 'mia');
    expect(receipt.acknowledged).toBe(true);
    expect(options.map((option) => option.value)).toEqual(['mia']);
    release();
  });

  it('report that Slack did not open them', async () => {
    bot.core.acknowledgement = { kind: 'form', form };
    bot.slack.server.fail('views.open', { body: JSON.stringify({ ok: false, error: 'expired_trigger_id' }) });
    await bot.slack.actions.slash(ann, ops, 'budget set');
    await eventually(() => expect(seen(standing(ann)[0])).toContain('did not open the form'));
  });
});

describe('sending', () => {
  it('returns the time to wait after a rate limit, and does not retry by itself', async () => {
    bot.slack.server.limitRate('chat.postMessage', 7);
    expect(await bot.adapter.send(location(), card)).toEqual({
      ok: false,
      problem: { kind: 'wait', afterMs: 7000 },
    });
    expect(standing()).toHaveLength(0);
  });

  it.each([
    ['channel_not_found', 'closed'],
    ['is_archived', 'closed'],
    ['internal_error', 'away'],
    ['restricted_action', 'closed'],
    ['something_new', 'refused'],
  ])('tells %s as %s', async (error, kind) => {
    bot.slack.server.fail('chat.postMessage', { body: JSON.stringify({ ok: false, error }) });
    expect(await bot.adapter.send(location(), card)).toMatchObject({ ok: false, problem: { kind } });
  });

  it('treats an answer that is not JSON as a transient failure', async () => {
    bot.slack.server.fail('chat.postMessage', { status: 502, body: '<html>Bad gateway</html>' });
    expect(await bot.adapter.send(location(), card)).toMatchObject({ ok: false, problem: { kind: 'away' } });
  });

  it('reports a deleted message as gone', async () => {
    expect(await bot.adapter.edit({ channel: ops.id, ts: '1.1' }, card)).toEqual({
      ok: false,
      problem: { kind: 'gone' },
    });
  });

  it('sends the text alone if Slack refuses the blocks', async () => {
    bot.slack.server.fail('chat.postMessage', {
      body: JSON.stringify({ ok: false, error: 'invalid_blocks' }),
    });
    expect(await bot.adapter.send(location(), card)).toMatchObject({ ok: true });
    expect(standing()[0]?.text).toContain('Restart the gateway: done in 12s');
  });

  it('answers in the channel if the parent message of the thread was deleted', async () => {
    expect(await bot.adapter.send({ ...location(), thread: '1.1' }, card)).toMatchObject({ ok: true });
    expect(standing()[0]?.thread).toBeUndefined();
  });

  it('refuses to send to another workspace', async () => {
    expect(await bot.adapter.send({ ...location(), install: 'T0OTHER' }, card)).toMatchObject({
      ok: false,
      problem: { kind: 'closed' },
    });
  });

  it('asks Slack neither to unfurl nor to link names', async () => {
    await posted();
    expect(bot.slack.server.called('chat.postMessage')[0]?.arguments).toMatchObject({
      unfurl_links: 'false',
      unfurl_media: 'false',
      link_names: 'false',
      parse: 'none',
    });
  });

  it('sends a whole file, without the token', async () => {
    const text = 'line\n'.repeat(20_000);
    const sent = await bot.adapter.file(location(), { name: 'logs.txt', text, note: 'all <!channel> lines' });
    expect(sent).toMatchObject({ ok: true });
    const [file] = bot.slack.server.workspace.files;
    expect(file?.content?.toString()).toBe(text);
    expect(file).toMatchObject({ channel: ops.id, comment: 'all &lt;!channel&gt; lines' });
    expect(bot.slack.server.leakedTokens).toEqual([]);
  });

  it('keeps working without the scope for files, and reports it', async () => {
    bot.slack.server.scopes.delete('files:write');
    const sent = await bot.adapter.file(location(), { name: 'logs.txt', text: 'x', note: '' });
    expect(sent).toMatchObject({ ok: false, problem: { kind: 'refused' } });
    expect(bot.adapter.health()).toMatchObject({
      state: 'connected',
      detail: expect.stringContaining('missing_scope'),
    });
  });
});

it('explains the first steps on its home tab', async () => {
  await bot.slack.actions.event({ type: 'app_home_opened', user: ann.id, channel: 'D1', tab: 'home' });
  await eventually(() => expect(bot.slack.server.workspace.homes.has(ann.id)).toBe(true));
});

it('logs no token and no response URL, whatever happens', async () => {
  bot.slack.server.fail('chat.postMessage', { status: 500, body: bot.slack.server.botToken });
  await bot.adapter.send(location(), card);
  bot.slack.server.fail('chat.postMessage', {
    body: JSON.stringify({ ok: false, error: `x ${bot.slack.server.botToken}` }),
  });
  const sent = await bot.adapter.send(location(), card);
  const receipt = await bot.slack.actions.slash(ann, ops, 'status');
  await (await received()).reply.send(card, { private: true });
  bot.slack.server.revoke(bot.slack.server.appToken);
  await eventually(() => expect(bot.adapter.health().state).toBe('revoked'));
  const output = JSON.stringify([sent, bot.adapter.health(), ...bot.logged]);
  for (const secret of [
    bot.slack.server.botToken,
    bot.slack.server.appToken,
    String(receipt.delivery.payload.response_url),
  ])
    expect(output).not.toContain(secret);
});

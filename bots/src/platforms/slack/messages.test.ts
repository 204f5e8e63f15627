import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import type { DeliveryOverrides, SlackUser } from '../../../fakes/slack-server/index.ts';
import { card, createSlackBot, type SlackBot, useSlackBot } from '../../../testing/slack-bot.ts';

const slack = useSlackBot();
const { posted, received, standing } = slack;

describe('messages and commands', () => {
  it('hand over the words of /hq as typed, with immutable ids', async () => {
    const receipt = await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'restart <a> & "b"');
    expect(receipt.acknowledged).toBe(true);
    const { inbound } = await received();
    expect(inbound).toMatchObject({
      platform: 'slack',
      install: slack.bot.slack.server.workspace.team,
      channel: slack.ops.id,
      kind: 'group',
      thread: null,
      user: slack.ann.id,
      deliveryId: `sl:${String(receipt.delivery.payload.trigger_id)}`,
      input: { kind: 'words', text: 'restart <a> & "b"' },
    });
    expect(inbound).not.toHaveProperty('stranger');
  });

  it('identify a direct conversation by its id, whatever a channel is called', async () => {
    await slack.bot.slack.actions.slash(
      slack.ann,
      slack.bot.slack.server.workspace.direct(slack.ann),
      'status',
    );
    expect((await received()).inbound.kind).toBe('direct');
    const group = slack.bot.slack.server.workspace.channel('directmessage', [slack.ann]);
    await slack.bot.slack.actions.slash(slack.ann, group, 'status');
    expect((await received(2)).inbound.kind).toBe('group');
  });

  it('hand over a mention in a thread, and answer there', async () => {
    const root = await posted();
    const receipt = await slack.bot.slack.actions.mention(slack.ann, slack.ops, 'status prod', {
      thread: root.ts,
    });
    expect(receipt.acknowledged).toBe(true);
    const { inbound, reply } = await received();
    expect(inbound).toMatchObject({
      thread: root.ts,
      input: { kind: 'words', text: 'status prod' },
      deliveryId: `sl:${inbound.install}:${slack.ops.id}:${standing().at(-1)?.ts}`,
    });
    await reply.send(card);
    expect(standing().at(-1)).toMatchObject({ thread: root.ts });
  });

  it('mark a plain direct message as an answer', async () => {
    const direct = slack.bot.slack.server.workspace.direct(slack.ann);
    await slack.bot.slack.actions.event({
      type: 'message',
      channel_type: 'im',
      user: slack.ann.id,
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
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'status', nameless);
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'status', nameless);
    await received(2);
    expect(new Set(slack.bot.core.received.map(({ inbound }) => inbound.deliveryId)).size).toBe(2);
  });

  it('are handled once though a mention is edited, to other words too', async () => {
    const said = { type: 'app_mention', user: slack.ann.id, channel: slack.ops.id, ts: '1796045847.000100' };
    const { botUser } = slack.bot.slack.server.workspace;
    await slack.bot.slack.actions.event({ ...said, text: `<@${botUser}> restart eu-1` });
    await received(1);
    const edited = { user: slack.ann.id, ts: '1796045850.000000' };
    for (const words of ['restart eu-1', 'restart eu-2']) {
      await slack.bot.slack.actions.event({ ...said, edited, text: `<@${botUser}> ${words}` });
    }
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'help');
    await received(2);
    expect(slack.bot.core.last.inbound.input).toMatchObject({ text: 'help' });
  });

  it('ignore messages of the bot itself', async () => {
    const { botUser, botId } = slack.bot.slack.server.workspace;
    await slack.bot.slack.actions.mention(slack.ann, slack.ops, 'x', { event: { user: botUser } });
    await slack.bot.slack.actions.mention(slack.ann, slack.ops, 'x', { event: { bot_id: botId } });
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'status');
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
    await slack.bot.slack.actions.mention(slack.ann, slack.ops, 'status', tampered);
    expect((await received()).inbound.stranger).toBe(stranger);
  });

  it('keep the id of a foreign workspace on every surface', async () => {
    const message = await posted();
    const foreign = { payload: { team_id: 'T0OTHER', team: { id: 'T0OTHER' } } };
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'status', foreign);
    await slack.bot.slack.actions.press(slack.ann, message, 'Again', foreign);
    await slack.bot.slack.actions.mention(slack.ann, slack.ops, 'status', foreign);
    await received(3);
    for (const { inbound } of slack.bot.core.received)
      expect(inbound).toMatchObject({ install: 'T0OTHER', stranger: 'outsider' });
  });
});

describe('in an Enterprise Grid', () => {
  const enterprise = 'E0ACME';
  const form = {
    token: 'f1:abc',
    title: 'Pause an agent',
    submit: 'Send',
    words: ['agent', 'pause_agent'],
    fields: [{ name: 'agent', label: 'Agent', kind: 'text', required: true, completes: true }],
  } as const;

  async function startedIn(): Promise<SlackBot> {
    const bot = await createSlackBot((running) => running.env, { enterprise });
    await bot.adapter.start(bot.core);
    onTestFinished(() => bot.stop());
    return bot;
  }

  /** One delivery of each surface. */
  async function speaksEverywhere(bot: SlackBot, user: SlackUser, tampered: DeliveryOverrides = {}) {
    const { server, actions } = bot.slack;
    const ops = server.workspace.channel('ops', [user]);
    const location = {
      platform: 'slack',
      install: server.workspace.team,
      channel: ops.id,
      kind: 'group',
    } as const;
    await bot.adapter.send({ ...location, thread: null }, card);
    const message = server.workspace.visibleMessages(ops.id).at(-1);
    if (message === undefined) throw new Error('nothing was posted');
    await actions.mention(user, ops, 'status', tampered);
    await actions.press(user, message, 'Again', tampered);
    bot.core.acknowledgement = { kind: 'form', form };
    await actions.slash(user, ops, 'status', tampered);
    const view = await eventually(() => {
      const opened = actions.openView(user);
      if (opened === undefined) throw new Error('no form is open');
      return opened;
    });
    bot.core.acknowledgement = { kind: 'working', private: true };
    await actions.suggest(user, view, 'Agent', 'mi', tampered);
    await actions.submit(user, view, { Agent: 'mia' }, tampered);
    await eventually(() => expect(bot.core.received).toHaveLength(4));
    return [
      ...bot.core.received.map(({ inbound }) => inbound),
      ...bot.core.context.map(({ sender }) => sender),
    ];
  }

  it.each([
    ['of this workspace', undefined, {}],
    ['of another workspace of the enterprise', 'T0OTHER', {}],
    [
      'of another workspace, in deliveries for all of them',
      'T0OTHER',
      { payload: { team: null, is_enterprise_install: true } },
    ],
  ] as const)('a member %s is no stranger on any surface', async (_who, team, tampered) => {
    const bot = await startedIn();
    const { workspace } = bot.slack.server;
    const member = workspace.user('ann', team ?? workspace.team, enterprise);
    for (const sender of await speaksEverywhere(bot, member, tampered)) {
      expect(sender).toMatchObject({ install: workspace.team, user: member.id });
      expect(sender.stranger).toBeUndefined();
    }
  });

  it.each([
    ['another enterprise', 'E0OTHER'],
    ['a workspace without an enterprise', null],
  ])('a user of %s is a stranger on every surface', async (_who, other) => {
    const bot = await startedIn();
    const guest = bot.slack.server.workspace.user('eve', 'T0OTHER', other);
    const shared = { payload: { is_ext_shared_channel: true } };
    for (const sender of await speaksEverywhere(bot, guest, shared)) expect(sender.stranger).toBe('outsider');
  });

  it('a member of another workspace is a stranger where a channel is shared outside of the enterprise', async () => {
    const bot = await startedIn();
    const { workspace } = bot.slack.server;
    const ann = workspace.user('ann', 'T0OTHER', enterprise);
    const shared = { payload: { is_ext_shared_channel: true } };
    await bot.slack.actions.mention(ann, workspace.channel('ops', [ann]), 'status', shared);
    await eventually(() => expect(bot.core.last.inbound.stranger).toBe('outsider'));
  });
});

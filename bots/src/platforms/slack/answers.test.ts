import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { card, useSlackBot } from '../../../testing/slack-bot.ts';

const slack = useSlackBot();
const { posted, received, seen, standing } = slack;

describe('answers', () => {
  it('answers a command so that only its user sees it', async () => {
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'usage');
    const { reply } = await received();
    expect(await reply.send(card, { private: true })).toMatchObject({ ok: true, handle: null });
    expect(standing()).toHaveLength(0);
    expect(seen(standing(slack.ann)[0])).toContain('done in 12s');
  });

  it('answers publicly with a message that can be edited', async () => {
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'restart');
    const sent = await (await received()).reply.send(card);
    if (!sent.ok || sent.handle === null) throw new Error('it has no handle');
    expect(await slack.bot.adapter.edit(sent.handle, { title: 'Gone on', tone: 'neutral' })).toEqual(sent);
    expect(standing().map(seen)).toEqual(['Gone on']);
  });

  it('shows a placeholder if the answer takes long, and replaces it by the answer', async () => {
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'usage');
    const { reply } = await received();
    await eventually(() => expect(seen(standing(slack.ann)[0])).toContain('Working on it'));
    await reply.send(card, { private: true });
    expect(standing(slack.ann).map(seen)).toEqual([expect.stringContaining('done in 12s')]);
  });

  it('deletes the placeholder if the answer is public', async () => {
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'restart');
    const { reply } = await received();
    await eventually(() => expect(standing(slack.ann)).toHaveLength(1));
    await reply.send(card);
    expect(standing(slack.ann).map(seen)).toEqual([expect.stringContaining('done in 12s')]);
    expect(standing()).toHaveLength(1);
  });

  it('answers in a channel without the bot, and explains the limitation', async () => {
    const other = slack.bot.slack.server.workspace.channel('other', [slack.ann], false);
    await slack.bot.slack.actions.slash(slack.ann, other, 'status');
    expect(await (await received()).reply.send(card)).toMatchObject({ ok: true, handle: null });
    const [message] = slack.bot.slack.server.workspace.visibleMessages(other.id);
    expect(seen(message)).toContain('/invite');
  });

  it('keeps answering privately after the last use of the response URL', async () => {
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'help');
    const { reply } = await received();
    for (let page = 1; page <= 7; page += 1)
      expect(await reply.send({ title: `Page ${page}`, tone: 'neutral' }, { private: true })).toMatchObject({
        ok: true,
      });
    expect(standing(slack.ann).map(seen)).toEqual(Array.from({ length: 7 }, (_, at) => `Page ${at + 1}`));
  });

  it('answers privately if the response URL fails', async () => {
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'usage', {
      payload: { response_url: 'http://127.0.0.1:1/gone' },
    });
    const { reply } = await received();
    for (const title of ['One', 'Two']) await reply.send({ title, tone: 'neutral' }, { private: true });
    expect(standing(slack.ann).map(seen)).toEqual(['One', 'Two']);
    expect(standing()).toEqual([]);
  });

  it('acknowledges within three seconds although the core hangs', async () => {
    let release = (): void => undefined;
    slack.bot.core.delay = new Promise((resolve) => {
      release = () => resolve();
    });
    const message = await posted();
    const receipts = await Promise.all([
      slack.bot.slack.actions.slash(slack.ann, slack.ops, 'status'),
      slack.bot.slack.actions.press(slack.ann, message, 'Again'),
      slack.bot.slack.actions.mention(slack.ann, slack.ops, 'status'),
    ]);
    expect(receipts.map((receipt) => receipt.acknowledged)).toEqual([true, true, true]);
    release();
    await received(3);
  });

  it('handles a repeated command although another server gives it the same ids', async () => {
    const ids = { payload: { trigger_id: '1.2.same', event_id: 'EvSAME' } };
    for (const _ of [1, 2]) await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'status', ids);
    for (const _ of [1, 2]) await slack.bot.slack.actions.mention(slack.ann, slack.ops, 'status', ids);
    await received(4);
  });

  it('handles a redelivered command or press once, and acknowledges it each time', async () => {
    const message = await posted();
    const command = await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'status');
    const press = await slack.bot.slack.actions.press(slack.ann, message, 'Again');
    for (const first of [command, press, command, press])
      expect((await slack.bot.slack.actions.redeliver(first)).acknowledged).toBe(true);
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'help');
    await received(3);
    expect(slack.bot.core.received.map(({ inbound }) => inbound.input)).toMatchObject([
      { text: 'status' },
      { kind: 'button' },
      { text: 'help' },
    ]);
  });

  it('handles a redelivered mention once, and acknowledges it each time', async () => {
    const first = await slack.bot.slack.actions.mention(slack.ann, slack.ops, 'restart');
    for (const attempt of [1, 2, 3])
      expect((await slack.bot.slack.actions.redeliver(first, attempt)).acknowledged).toBe(true);
    await slack.bot.slack.actions.mention(slack.ann, slack.ops, 'status');
    await received(2);
    expect(slack.bot.core.received.map(({ inbound }) => inbound.input)).toMatchObject([
      { text: 'restart' },
      { text: 'status' },
    ]);
  });
});

describe('buttons', () => {
  it('hand over the token and the message alone', async () => {
    const message = await posted();
    await slack.bot.slack.actions.press(slack.ann, message, 'Again');
    expect((await received()).inbound).toMatchObject({
      user: slack.ann.id,
      channel: slack.ops.id,
      input: { kind: 'button', token: 'v1:aaaa', message: { channel: slack.ops.id, ts: message.ts } },
    });
  });

  it('hand over a press on a foreign button, which the core refuses', async () => {
    const message = await posted();
    const actions = [
      { type: 'button', action_id: 'forged', block_id: 'b', value: 'v1:guess', action_ts: '1.1' },
    ];
    const receipt = await slack.bot.slack.actions.press(slack.ann, message, 'Again', {
      payload: { actions },
    });
    expect(receipt.acknowledged).toBe(true);
    expect((await received()).inbound.input).toMatchObject({ kind: 'button', token: 'v1:guess' });
  });

  it('let an ephemeral message be edited while Slack permits it', async () => {
    await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'restart');
    await (await received()).reply.send(card, { private: true });
    const [question] = standing(slack.ann);
    if (question === undefined) throw new Error('there is no question');
    await slack.bot.slack.actions.press(slack.ann, question, 'Again');
    const { inbound } = await received(2);
    if (inbound.input.kind !== 'button' || inbound.input.message === null) throw new Error('no message');
    expect(
      await slack.bot.adapter.edit(inbound.input.message, { title: 'Confirmed', tone: 'neutral' }),
    ).toMatchObject({
      ok: true,
    });
    expect(standing(slack.ann).map(seen)).toEqual(['Confirmed']);
  });

  it('report an ephemeral message as gone without its response URL', async () => {
    expect(await slack.bot.adapter.edit({ channel: slack.ops.id, ts: '1.1', seen_by: 'one' }, card)).toEqual({
      ok: false,
      problem: { kind: 'gone' },
    });
  });
});

import { describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { card, useSlackBot } from '../../../testing/slack-bot.ts';

const slack = useSlackBot();
const { location, posted, received, standing } = slack;

describe('sending', () => {
  it('returns the time to wait after a rate limit, and does not retry by itself', async () => {
    slack.bot.slack.server.limitRate('chat.postMessage', 7);
    expect(await slack.bot.adapter.send(location(), card)).toEqual({
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
    slack.bot.slack.server.fail('chat.postMessage', { body: JSON.stringify({ ok: false, error }) });
    expect(await slack.bot.adapter.send(location(), card)).toMatchObject({ ok: false, problem: { kind } });
  });

  it('treats an answer that is not JSON as a transient failure', async () => {
    slack.bot.slack.server.fail('chat.postMessage', { status: 502, body: '<html>Bad gateway</html>' });
    expect(await slack.bot.adapter.send(location(), card)).toMatchObject({
      ok: false,
      problem: { kind: 'away' },
    });
  });

  it('reports a deleted message as gone', async () => {
    expect(await slack.bot.adapter.edit({ channel: slack.ops.id, ts: '1.1' }, card)).toEqual({
      ok: false,
      problem: { kind: 'gone' },
    });
  });

  it('sends the text alone if Slack refuses the blocks', async () => {
    slack.bot.slack.server.fail('chat.postMessage', {
      body: JSON.stringify({ ok: false, error: 'invalid_blocks' }),
    });
    expect(await slack.bot.adapter.send(location(), card)).toMatchObject({ ok: true });
    expect(standing()[0]?.text).toContain('Restart the gateway: done in 12s');
  });

  it('answers in the channel if the parent message of the thread was deleted', async () => {
    expect(await slack.bot.adapter.send({ ...location(), thread: '1.1' }, card)).toMatchObject({ ok: true });
    expect(standing()[0]?.thread).toBeUndefined();
    expect(standing()[0]?.text).toContain('Its thread is deleted.');
  });

  it('refuses to send to another workspace', async () => {
    expect(await slack.bot.adapter.send({ ...location(), install: 'T0OTHER' }, card)).toMatchObject({
      ok: false,
      problem: { kind: 'closed' },
    });
  });

  it('asks Slack neither to unfurl nor to link names', async () => {
    await posted();
    expect(slack.bot.slack.server.called('chat.postMessage')[0]?.arguments).toMatchObject({
      unfurl_links: 'false',
      unfurl_media: 'false',
      link_names: 'false',
      parse: 'none',
    });
  });

  it('sends a whole file, without the token', async () => {
    const text = 'line\n'.repeat(20_000);
    const sent = await slack.bot.adapter.file(location(), {
      name: 'logs.txt',
      text,
      note: 'all <!channel> lines',
    });
    expect(sent).toMatchObject({ ok: true });
    const [file] = slack.bot.slack.server.workspace.files;
    expect(file?.content?.toString()).toBe(text);
    expect(file).toMatchObject({ channel: slack.ops.id, comment: 'all &lt;!channel&gt; lines' });
    expect(slack.bot.slack.server.leakedTokens).toEqual([]);
  });

  it('keeps working without the scope for files, and reports it', async () => {
    slack.bot.slack.server.scopes.delete('files:write');
    const sent = await slack.bot.adapter.file(location(), { name: 'logs.txt', text: 'x', note: '' });
    expect(sent).toMatchObject({ ok: false, problem: { kind: 'refused' } });
    expect(slack.bot.adapter.health()).toMatchObject({
      state: 'connected',
      detail: expect.stringContaining('missing_scope'),
    });
  });
});

it('explains the first steps on its home tab', async () => {
  await slack.bot.slack.actions.event({
    type: 'app_home_opened',
    user: slack.ann.id,
    channel: 'D1',
    tab: 'home',
  });
  await eventually(() => expect(slack.bot.slack.server.workspace.homes.has(slack.ann.id)).toBe(true));
});

it('logs no token and no response URL, whatever happens', async () => {
  slack.bot.slack.server.fail('chat.postMessage', { status: 500, body: slack.bot.slack.server.botToken });
  await slack.bot.adapter.send(location(), card);
  slack.bot.slack.server.fail('chat.postMessage', {
    body: JSON.stringify({ ok: false, error: `x ${slack.bot.slack.server.botToken}` }),
  });
  const sent = await slack.bot.adapter.send(location(), card);
  const receipt = await slack.bot.slack.actions.slash(slack.ann, slack.ops, 'status');
  await (await received()).reply.send(card, { private: true });
  slack.bot.slack.server.revoke(slack.bot.slack.server.appToken);
  await eventually(() => expect(slack.bot.adapter.health().state).toBe('revoked'));
  const output = JSON.stringify([sent, slack.bot.adapter.health(), ...slack.bot.logged]);
  for (const secret of [
    slack.bot.slack.server.botToken,
    slack.bot.slack.server.appToken,
    String(receipt.delivery.payload.response_url),
  ])
    expect(output).not.toContain(secret);
});

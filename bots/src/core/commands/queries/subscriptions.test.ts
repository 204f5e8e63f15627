import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../../testing/chat-stack.ts';
import { textOf } from '../../../../testing/test-adapter.ts';
import type { Sender } from '../../../contract/inbound.ts';

let chat: ChatTestStack;
let open: OpenCore;
let operator: Sender;
beforeAll(async () => {
  chat = await openChatStack();
  open = await chat.open();
  operator = await chat.person('operator');
});
afterAll(() => chat.close());

const ask = async (words: string, sender = operator) =>
  textOf((await open.adapter(sender.platform).ask(sender, words)).card);
const filterIn = async (sender: Sender) =>
  (
    await chat.stack.database.query<{ filter: unknown }>(
      'select filter from chat_subscriptions where channel = $1',
      [sender.channel],
    )
  )[0]?.filter;

describe('subscribe', { timeout: 60_000 }, () => {
  it('sends all alerts without a filter', async () => {
    expect(await ask('subscribe')).toMatch(/Alerts come here now\nof every severity/);
    expect(await filterIn(operator)).toEqual({ severity: 'info' });
  });

  it('accepts severity, kinds, agents, tags, quiet hours and a digest, and shows them', async () => {
    const words =
      'subscribe severity=error kinds=command-failed,task_blocked agents=writer tags=ops,docs quiet=22-7:30 tz=Europe/Berlin digest=60';
    expect(await ask(words)).toBe(
      [
        'Alerts come here now\nerror and worse',
        'Kinds: command_failed, task_blocked\nAgents: writer\nTags: ops, docs',
        'Quiet: 22:00 to 07:30, Europe/Berlin\nSummary: every 60 min\n/hq unsubscribe ends it.',
      ].join('\n'),
    );
    expect(await filterIn(operator)).toEqual({
      severity: 'error',
      kinds: ['command_failed', 'task_blocked'],
      agents: ['writer'],
      tags: ['ops', 'docs'],
      quiet: { from: '22:00', to: '07:30', tz: 'Europe/Berlin' },
      digest_minutes: 60,
    });
  });

  it.each([
    [
      'kinds=comand_failed',
      /no kind of alert “comand_failed”[\s\S]*The kinds are command_failed, gateway_stale/,
    ],
    ['quiet=late', /“late” is not a span of hours/],
    ['quiet=22-25', /“22-25” is not a span of hours/],
    ['quiet=22-7 tz=Mars/Olympus', /no time zone “Mars\/Olympus”/],
    ['digest=0', /not at least 1/],
  ])('with %s shows the error, and changes nothing', async (words, answer) => {
    const before = await filterIn(operator);
    expect(await ask(`subscribe ${words}`)).toMatch(answer);
    expect(await filterIn(operator)).toEqual(before);
  });
});

describe('subscriptions', { timeout: 60_000 }, () => {
  it('lists the subscription of this chat; an admin sees all, and why one has ended', async () => {
    const [other, admin] = [await chat.person('operator', 'telegram'), await chat.person('admin')];
    expect(await ask('subscriptions', other)).toContain('No alerts come here.');
    await ask('subscribe severity=critical', other);
    await chat.stack.database.query(
      `update chat_subscriptions set disabled_at = now(), disabled_reason = 'the bot was blocked' where channel = $1`,
      [operator.channel],
    );
    expect(await ask('subscriptions', other)).toContain('this chat  critical and worse');
    expect(await ask('subscriptions', other)).not.toContain('blocked');
    const all = await ask('subscriptions', admin);
    expect(all).toContain(`telegram ${other.channel}  critical and worse`);
    expect(all).toContain(`slack ${operator.channel}  ended: the bot was blocked`);
  });
});

import type { Role } from '@hq/shared/actions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import { textOf } from '../../../testing/test-adapter.ts';
import type { Platform, Sender } from '../../contract/inbound.ts';

let chat: ChatTestStack;
let open: OpenCore;

beforeAll(async () => {
  chat = await openChatStack();
  open = await chat.open();
});
afterAll(() => chat.close());

describe('a hint', () => {
  const places = [
    ['slack', 'direct', {}, '/hq '],
    ['slack', 'group', {}, '/hq '],
    ['slack', 'group', { thread: '1.1' }, '@HQ '],
    ['discord', 'group', {}, '/hq '],
    ['telegram', 'direct', {}, '/hq '],
    ['telegram', 'group', {}, '/hq '],
  ] as const;
  const asked = async (
    platform: Platform,
    kind: Sender['kind'],
    role: Role | null,
    more: Partial<Sender>,
  ) => {
    const person = await chat.person(role, platform);
    return { ...(kind === 'direct' ? person : chat.inChannel(person, '-1007')), ...more };
  };

  it.each(places)('on %s (%s, %j) writes commands behind “%s”', async (platform, kind, more, prefix) => {
    const adapter = open.adapter(platform);
    const stranger = await asked(platform, kind, null, more);
    const whoami = textOf((await adapter.ask(stranger, 'whoami')).card);
    expect(whoami).toContain(': /hq link CODE');
    expect(whoami.includes('in a direct message, not here')).toBe(kind === 'group');
    const refused = textOf((await adapter.ask(stranger, 'status')).card);
    expect(refused).toContain('send /hq link CODE to the bot in a direct message');
    const member = await asked(platform, kind, 'operator', more);
    expect(textOf((await adapter.ask(member, 'statsu')).card)).toMatch(/There is no command “statsu”/);
    expect(textOf((await adapter.ask(member, 'help frobnicate')).card)).toContain(
      `Type ${prefix}help to see`,
    );
    expect(textOf((await adapter.ask(member, 'help')).card)).toContain(
      `${prefix}help TOPIC and ${prefix}help COMMAND`,
    );
    expect(textOf((await adapter.ask(member, 'whoami now then')).card)).toContain(`Usage: ${prefix}whoami`);
    if (kind === 'group') {
      expect(textOf((await adapter.ask(member, 'tasks')).card)).toContain(
        `An admin binds it with ${prefix}bind`,
      );
    }
  });
});

describe('a link code in a channel', () => {
  it.each([
    ['slack', 'link CODE'],
    ['slack', 'CODE'],
    ['telegram', 'lnk CODE please'],
    ['discord', 'link CODE'],
  ] as const)('on %s, as “%s”, is refused to its sender and void', async (platform, words) => {
    const adapter = open.adapter(platform);
    const person = await chat.person(null, platform);
    const { data } = await (await chat.stack.clientOf(person.member)).rpc('issue_chat_code');
    const posted = await adapter.ask(chat.inChannel(person, '-1008'), words.replace('CODE', data.code));
    expect(posted.private).toBe(platform !== 'telegram');
    expect(textOf(posted.card)).toMatch(
      /this one is void now[\s\S]*hq-tui chat code, and send \/hq link CODE/,
    );
    expect(textOf(posted.card)).not.toContain(data.code);
    expect(textOf((await adapter.ask(person, `link ${data.code}`)).card)).toMatch(/This code does not work/);
  });

  it('of a stranger, or in a reply to the bot, is void', async () => {
    const telegram = open.adapter('telegram');
    const person = await chat.person(null, 'telegram');
    const client = await chat.stack.clientOf(person.member);
    const group = chat.inChannel(person, '-1009');
    for (const [sender, answer] of [
      [{ ...group, stranger: 'anonymous' as const }, false],
      [group, true],
    ] as const) {
      const { data } = await client.rpc('issue_chat_code');
      const count = telegram.messages.length;
      await telegram.deliver(sender, { kind: 'words', text: `my code: ${data.code}`, answer });
      await telegram.messageAfter(count);
      expect(textOf((await telegram.ask(person, `link ${data.code}`)).card)).toMatch(
        /This code does not work/,
      );
    }
  });

  it('is not asked for', async () => {
    const slack = open.adapter('slack');
    const person = chat.inChannel(await chat.person(null), 'C-codes');
    const count = slack.messages.length;
    expect((await slack.words(person, 'link')).form).toBeNull();
    const told = await slack.messageAfter(count);
    expect(told.private).toBe(true);
    expect(textOf(told.card)).toMatch(/direct message only[\s\S]*Send \/hq link to the bot/);
  });
});

describe('a form with a wrong value', () => {
  const titled = (title: string) =>
    chat.stack.database.query('select priority from tasks where title = $1', [title]);

  it('is answered privately and opens again with what was written, where it cannot show errors', async () => {
    const discord = open.adapter('discord');
    const operator = await chat.person('operator', 'discord');
    const { form } = await discord.words(operator, 'create_task priority=high');
    const filled = {
      title: `Kept ${operator.user}`,
      description: 'two\nlines',
      due_date: 'soon',
      agent: 'nobody-here',
    };
    const count = discord.messages.length;
    const receipt = await discord.deliver(operator, {
      kind: 'form',
      token: form?.token ?? '',
      values: filled,
    });
    expect(receipt.isPrivate).toBe(true);
    const told = await discord.messageAfter(count);
    expect(told.private).toBe(true);
    expect(textOf(told.card)).toMatch(/Create a task\nnothing was done yet\n.*Due cannot be “soon”/s);
    const { form: again } = await discord.press(operator, told, 'Edit');
    expect(again?.fields.map(({ name, value }) => [name, value])).toEqual([
      ['title', filled.title],
      ['description', filled.description],
      ['due_date', 'soon'],
      ['agent', 'nobody-here'],
    ]);
    const retry = { ...filled, due_date: '2026-12-24' };
    await discord.deliver(operator, {
      kind: 'form',
      token: again?.token ?? '',
      values: retry,
      message: told.handle,
    });
    const second = await discord.messageAfter(count + 1);
    expect(textOf(second.card)).toMatch(/There is no agent nobody-here/);
    const { form: third } = await discord.press(operator, second, 'Edit');
    const right = { title: filled.title, due_date: '2026-12-24' };
    await discord.deliver(operator, {
      kind: 'form',
      token: third?.token ?? '',
      values: right,
      message: second.handle,
    });
    expect((await discord.messageAfter(count + 2)).private).toBe(false);
    expect(await titled(filled.title)).toEqual([{ priority: 'high' }]);
  });

  it('says nothing about the value to somebody who may not fill it in', async () => {
    const slack = open.adapter('slack');
    const { form } = await slack.words(await chat.person('operator'), 'create_task');
    const other = await chat.person('operator');
    const values = { title: 'x', priority: 'wrong' };
    const count = slack.messages.length;
    const { errors } = await slack.deliver(other, { kind: 'form', token: form?.token ?? '', values });
    expect(errors).toBeNull();
    expect(textOf((await slack.messageAfter(count)).card)).not.toMatch(/wrong/);
  });

  it('is answered by a card if the database is slow, and nothing is lost', async () => {
    const slack = open.adapter('slack');
    const operator = await chat.person('operator');
    const { form } = await slack.words(operator, 'create_task');
    const values = { title: `Late ${operator.user}`, due_date: 'soon' };
    await chat.stack.stopApi();
    const count = slack.messages.length;
    const receipt = await slack.deliver(operator, { kind: 'form', token: form?.token ?? '', values });
    expect(receipt.errors).toBeNull();
    await chat.stack.startApi();
    const told = await slack.messageAfter(count);
    await eventually(() => expect(textOf(told.card)).toMatch(/Due cannot be “soon”/));
    const { form: again } = await slack.press(operator, told, 'Edit');
    expect(again?.fields[0]).toMatchObject({ name: 'title', value: values.title });
  });
});

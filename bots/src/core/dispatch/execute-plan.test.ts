import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import { type TestAdapter, textOf } from '../../../testing/test-adapter.ts';
import type { Choice } from '../../contract/choice.ts';
import type { Sender } from '../../contract/inbound.ts';

let chat: ChatTestStack;
let open: OpenCore;
let slack: TestAdapter;

beforeAll(async () => {
  chat = await openChatStack();
  // A busy machine refuses later than people would wait.
  open = await chat.open({ formWaitMs: 20_000 });
  slack = open.adapter('slack');
});
afterAll(() => chat.close());

async function refusalsOf({ user }: Sender): Promise<number> {
  const rows = await chat.stack.database.query(
    `select 1 from audit_log where action = 'chat.refused' and meta ->> 'user' = $1`,
    [user],
  );
  return rows.length;
}

describe('a missing argument', () => {
  it('opens a form for senders with the permission, and for nobody else', async () => {
    const operator = await chat.person('operator');
    expect((await slack.words(operator, 'create_task')).form?.title).toBe('Create a task');
    for (const role of ['viewer', null] as const) {
      const person = await chat.person(role);
      const before = slack.messages.length;
      expect((await slack.words(person, 'create_task')).form).toBeNull();
      expect(textOf((await slack.messageAfter(before)).card)).toMatch(
        /needs the role operator|linked to nobody/,
      );
      expect(await refusalsOf(person)).toBe(1);
    }
  });

  it('opens a form as soon as the account is linked, in spite of cached refusals', async () => {
    const person = await chat.person(null);
    expect((await slack.words(person, 'create_task')).form).toBeNull();
    const member = await chat.stack.createMember('operator');
    const { data } = await (await chat.stack.clientOf(member)).rpc('issue_chat_code');
    const before = slack.messages.length;
    await slack.words(person, `link ${data.code}`);
    await eventually(() =>
      expect(slack.messages.slice(before).some(({ card }) => /Linked/.test(card.title))).toBe(true),
    );
    expect((await slack.words(person, 'create_task')).form).not.toBeNull();
  });

  it('opens its form while the database is unreachable: the values are authorized later', async () => {
    const operator = await chat.person('operator');
    await chat.stack.stopApi();
    try {
      expect((await slack.words(operator, 'create_task')).form?.title).toBe('Create a task');
    } finally {
      await chat.stack.startApi();
    }
  });
});

describe('a completion', () => {
  const complete = (sender: Sender, typed: string): Promise<readonly Choice[]> => {
    if (slack.receiver === null) throw new Error('the adapter is not started');
    return slack.receiver.complete(sender, {
      words: ['gateway', 'restart_gateway'],
      argument: 'gateway',
      typed,
    });
  };

  it('offers names to senders with the permission', async () => {
    const choices = await complete(await chat.person('operator'), 'def');
    expect(choices.map(({ value }) => value)).toEqual(['default']);
  });

  it.each(['viewer', null] as const)(
    'offers nothing to %s, and audits that once for all typed keys',
    async (role) => {
      const person = await chat.person(role);
      const typed = Array.from('default-gateway', (_, end) => 'default-gateway'.slice(0, end));
      for (const begun of typed) expect(await complete(person, begun)).toEqual([]);
      expect(await refusalsOf(person)).toBe(1);
    },
  );

  it.each(['bot', 'anonymous', 'outsider'] as const)(
    'offers nothing to a stranger (%s), and audits that',
    async (stranger) => {
      const admin = await chat.person('admin');
      expect(await complete({ ...admin, stranger }, '')).toEqual([]);
      expect(await refusalsOf(admin)).toBe(1);
    },
  );
});

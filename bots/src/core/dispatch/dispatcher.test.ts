import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nilTenant } from '../../../../db/testing/database.ts';
import { eventually } from '../../../../db/testing/eventually.ts';
import { claimOne, exchange } from '../../../../db/testing/exchange.ts';
import { type ChatTestStack, type OpenCore, openChatStack } from '../../../testing/chat-stack.ts';
import { buttonOf, textOf } from '../../../testing/test-adapter.ts';
import type { Sender } from '../../contract/inbound.ts';

let chat: ChatTestStack;
let open: OpenCore;

beforeAll(async () => {
  chat = await openChatStack();
  open = await chat.open();
});
afterAll(() => chat.close());

const commands = (action: string) =>
  chat.stack.database.query<{ id: string; status: string; origin: string; requested_by: string }>(
    'select id, status, origin, requested_by from agent_commands where action = $1 order by created_at',
    [action],
  );

describe('a sender', () => {
  it('gets help and link, and nothing else, before the account is linked', async () => {
    const slack = open.adapter('slack');
    const stranger = await chat.person(null);
    expect(textOf((await slack.ask(stranger, 'help')).card)).toMatch(/link/);
    expect(textOf((await slack.ask(stranger, 'help')).card)).not.toMatch(/restart_gateway/);
    const refused = await slack.ask(stranger, 'ping');
    expect(textOf(refused.card)).toMatch(/linked to nobody/);
    expect(await commands('ping')).toEqual([]);
    const audited = await chat.stack.database.query(
      `select 1 from audit_log where action = 'chat.refused' and meta ->> 'user' = $1`,
      [stranger.user],
    );
    expect(audited.length).toBeGreaterThan(0);
  });

  it('is linked with a code, and unlinked again', async () => {
    const discord = open.adapter('discord');
    const somebody = await chat.person(null, 'discord');
    const client = await chat.stack.clientOf(somebody.member);
    const { data } = await client.rpc('issue_chat_code');
    const linked = await discord.ask(somebody, `link ${data.code}`);
    expect(linked.private).toBe(true);
    expect(linked.card.title).toContain(somebody.member.email);
    expect(textOf((await discord.ask(somebody, 'whoami')).card)).toContain('viewer here');
    await discord.ask(somebody, 'unlink');
    expect(textOf((await discord.ask(somebody, 'whoami')).card)).toMatch(/linked to nobody/);
  });

  it('is refused and audited when it is a bot, an anonymous admin or an outsider', async () => {
    const telegram = open.adapter('telegram');
    const operator = await chat.person('operator', 'telegram');
    const before = telegram.messages.length;
    for (const stranger of ['bot', 'anonymous', 'outsider'] as const) {
      await telegram.words({ ...operator, stranger }, 'ping');
    }
    await eventually(async () => {
      const rows = await chat.stack.database.query(
        `select 1 from audit_log where action = 'chat.refused' and meta ->> 'user' = $1 and meta ? 'stranger'`,
        [operator.user],
      );
      expect(rows).toHaveLength(3);
    });
    expect(await commands('ping')).toEqual([]);
    await eventually(() => expect(telegram.messages.slice(before)).toHaveLength(2));
  });
});

describe('a refusal in a channel', () => {
  it.each(['slack', 'discord'] as const)('is for its sender alone on %s', async (platform) => {
    const adapter = open.adapter(platform);
    const stranger = chat.inChannel(await chat.person(null, platform), 'C-refusals');
    const unbound = chat.inChannel(await chat.person('operator', platform), 'C-refusals');
    for (const sender of [stranger, unbound]) {
      const shown = await adapter.ask(sender, 'status');
      expect(shown.card.state).toBe('not allowed');
      expect(shown.private).toBe(true);
    }
  });

  it('where everybody sees the answers is given to a person once in a minute', async () => {
    const telegram = open.adapter('telegram');
    const [one, other] = [await chat.person(null, 'telegram'), await chat.person(null, 'telegram')];
    const before = telegram.messages.length;
    for (const sender of [one, one, other, one]) {
      await telegram.words(chat.inChannel(sender, '-1005'), 'status');
      await eventually(() => expect(open.core.dispatcher.size()).toBe(0));
    }
    expect(telegram.messages.slice(before).map(({ card }) => card.state)).toEqual([
      'not allowed',
      'not allowed',
    ]);
    // In a direct chat nobody else is disturbed.
    await telegram.ask(one, 'status');
    await telegram.ask(one, 'status');
  });
});

describe('a sender above the rate limit', () => {
  it('gets one answer about it in a public group, and other senders are served', async () => {
    const plenty = { atOnce: 1_000, perSecond: 1_000 };
    const limits = { person: plenty, channel: plenty, inPublic: { atOnce: 3, perSecond: 0.001 } };
    const hasty = await chat.open({ limits });
    const telegram = hasty.adapter('telegram');
    const stranger = chat.inChannel(await chat.person(null, 'telegram'), '-100');
    const heard = [];
    for (let count = 0; count < 10; count += 1) heard.push(await telegram.words(stranger, 'status'));
    expect(heard.filter(({ isQuiet }) => isQuiet)).toHaveLength(6);
    // One refusal and one answer about the limit.
    await eventually(() => expect(telegram.messages).toHaveLength(2));
    await telegram.ask(chat.inChannel(await chat.person('operator', 'telegram'), '-100'), 'whoami');
    expect(telegram.messages).toHaveLength(3);
    expect(
      telegram.messages.map(({ card }) => textOf(card)).filter((text) => /too many requests/.test(text)),
    ).toHaveLength(1);
    await hasty.close();
  });
});

describe('an action', () => {
  it('shows one card from the request to the end, with its output', async () => {
    const slack = open.adapter('slack');
    const operator = await chat.person('operator');
    const shown = await slack.ask(operator, 'ping');
    await eventually(() => expect(shown.card.state).toMatch(/^waiting for the runner/));
    const claimed = await claimOne(chat.stack.database, chat.gateway);
    await exchange(chat.stack.database, {
      gateway: chat.gateway,
      output: [
        { token: claimed.lease_token, seq: 1, stream: 'stdout', text: '\u001b[31mhello\u202e <!channel>\n' },
      ],
    });
    await eventually(() => expect(textOf(shown.card)).toContain('hello <!channel>'));
    await exchange(chat.stack.database, {
      gateway: chat.gateway,
      results: [{ token: claimed.lease_token, status: 'done', exit_code: 0, result: { runner: 'r1' } }],
    });
    await eventually(() => expect(shown.card.state).toMatch(/^done in /));
    expect(textOf(shown.card)).toContain('answered by r1');
    expect(shown.card.buttons?.map(({ label }) => label) ?? []).not.toContain('Cancel');
    expect(slack.messages.filter(({ channel }) => channel === operator.channel)).toHaveLength(1);
    const [row] = await commands('ping');
    expect(row).toMatchObject({ origin: 'slack', requested_by: operator.member.id });
  });

  it('sends its end as a new message if its card was deleted', async () => {
    const slack = open.adapter('slack');
    const operator = await chat.person('operator');
    const shown = await slack.ask(operator, 'ping');
    await eventually(() => expect(shown.card.state).toMatch(/^waiting for the runner/));
    slack.messages.splice(slack.messages.indexOf(shown), 1);
    const { lease_token: token } = await claimOne(chat.stack.database, chat.gateway);
    await exchange(chat.stack.database, {
      gateway: chat.gateway,
      results: [{ token, status: 'done', exit_code: 0, result: { runner: 'r1' } }],
    });
    await eventually(() => {
      const standing = slack.messages.filter(({ channel }) => channel === operator.channel);
      expect(standing.map(({ card }) => card.state)).toEqual([expect.stringMatching(/^done in /)]);
    });
  });

  it('that is delivered twice makes one row', async () => {
    const slack = open.adapter('slack');
    const operator = await chat.person('operator');
    const before = (await commands('ping')).length;
    await Promise.all([slack.words(operator, 'ping', 'sl:same'), slack.words(operator, 'ping', 'sl:same')]);
    await eventually(() =>
      expect(slack.messages.filter(({ channel }) => channel === operator.channel)).toHaveLength(2),
    );
    expect(await commands('ping')).toHaveLength(before + 1);
    await chat.stack.database.query(
      `update agent_commands set status = 'cancelled' where status = 'pending'`,
    );
  });

  it('with a reused delivery id and other content is executed', async () => {
    const slack = open.adapter('slack');
    const operator = await chat.person('operator');
    for (const title of ['Count the hens', 'Count the eggs']) {
      await slack.words(operator, `task create "${title}"`, 'sl:counted-anew');
    }
    const titles = (): Promise<{ title: string }[]> =>
      chat.stack.database.query(`select title from tasks where title like 'Count the %' order by title`);
    await eventually(async () =>
      expect(await titles()).toEqual([{ title: 'Count the eggs' }, { title: 'Count the hens' }]),
    );
  });

  it('whose confirmation has expired when it is delivered again has to be requested again', async () => {
    const operator = await chat.person('operator');
    const slack = open.adapter('slack');
    await slack.words(operator, 'restart gateway', 'sl:late');
    await eventually(async () =>
      expect(
        await chat.stack.database.query(
          `update chat_deliveries set created_at = created_at - interval '6 minutes' where delivery like 'sl:late:%' returning 1`,
        ),
      ).not.toEqual([]),
    );
    await chat.stack.database.query(`select hq.sweep_chat(id) from tenants`);
    const restarted = await chat.open();
    await restarted.adapter('slack').words(operator, 'restart gateway', 'sl:late');
    const [message] = await eventually(async () => {
      const { messages } = restarted.adapter('slack');
      expect(messages).toHaveLength(1);
      return messages;
    });
    expect(message && textOf(message.card)).toMatch(/This question has expired.*Ask for it again/s);
    await restarted.close();
  });

  it('above the sender’s role is refused with the reason', async () => {
    const telegram = open.adapter('telegram');
    const viewer = await chat.person('viewer', 'telegram');
    expect(textOf((await telegram.ask(viewer, 'restart')).card)).toMatch(/needs the role operator/i);
    expect(await commands('restart_gateway')).toEqual([]);
  });

  it('that is disruptive is confirmed by a button, once, by its requester', async () => {
    const slack = open.adapter('slack');
    const operator = await chat.person('operator');
    const other = await chat.person('operator');
    const question = await slack.ask(operator, 'restart gateway');
    expect(question.card.title).toContain('Restart the gateway');
    await slack.press({ ...other, channel: operator.channel }, question, 'Confirm');
    const told = await slack.messageAfter(slack.messages.length - 1);
    await eventually(() => expect(textOf(slack.messages.at(-1)?.card ?? told.card)).toMatch(/somebody else/));
    expect(await commands('restart_gateway')).toEqual([]);
    const { token } = buttonOf(question.card, 'Confirm');
    await slack.press(operator, question, 'Confirm');
    await eventually(() => expect(question.card.stamp).toMatch(/^confirmed by .*@.*, \d\d:\d\d UTC$/));
    expect(question.card.buttons?.map(({ label }) => label)).toEqual(['Cancel']);
    await slack.deliver(operator, { kind: 'button', token, message: question.handle });
    await eventually(() => expect(open.core.dispatcher.size()).toBe(0));
    expect(question.card.stamp).toMatch(/^confirmed by /);
    expect(await commands('restart_gateway')).toHaveLength(1);
    await slack.press(operator, question, 'Cancel');
    await eventually(() => expect(question.card.state).toBe('cancelled'));
  });

  it('whose button is pressed again, or by somebody too late, keeps its card and its stamp', async () => {
    const slack = open.adapter('slack');
    const { database } = chat.stack;
    const members = [
      await chat.person('admin'),
      await chat.person('operator'),
      await chat.person('operator'),
    ];
    const [asker, first, second] = members.map((member) => chat.inChannel(member, 'C-two'));
    if (asker === undefined || first === undefined || second === undefined) throw new Error('nobody');
    await slack.ask(asker, 'bind operator');
    await database.query(
      `insert into workspace (tenant_id, settings) values ($1, '{"chat": {"second_person": ["restart_gateway"]}}')
       on conflict (tenant_id) do update set settings = excluded.settings`,
      [nilTenant],
    );
    try {
      const question = await slack.ask(asker, 'restart gateway');
      const approve = buttonOf(question.card, 'Approve').token;
      const refuse = buttonOf(question.card, 'Refuse').token;
      const presses = [
        [first, approve],
        [second, approve],
        [first, approve],
        [second, refuse],
      ] as const;
      for (const [who, token] of presses) {
        await slack.deliver(who, { kind: 'button', token, message: question.handle });
        await eventually(() => expect(open.core.dispatcher.size()).toBe(0));
      }
      expect(question.card).toMatchObject({ title: expect.stringMatching(/^Restart the gateway/) });
      expect(question.card.stamp).toMatch(/^confirmed by .*@/);
      const told = slack.messages.slice(-2);
      for (const { card } of told) expect(card.title).toMatch(/^It was confirmed already by .*@/);
    } finally {
      await database.query(`update workspace set settings = '{}' where tenant_id = $1`, [nilTenant]);
      await database.query(`update agent_commands set status = 'cancelled' where status = 'pending'`);
    }
  });

  it('says on its card who asked, for what and when, and what it will do; the next step is a new message', async () => {
    const slack = open.adapter('slack');
    const [admin, operator] = [await chat.person('admin'), await chat.person('operator')];
    const here = (sender: Sender): Sender => chat.inChannel(sender, 'C-named');
    await slack.ask(here(admin), 'bind operator');
    const question = await slack.ask(here(operator), 'restart gateway');
    expect(textOf(question.card)).toMatch(/All agents of the gateway stop until it is healthy again\./);
    expect(textOf(question.card)).toMatch(/Requested by .*@.*\. Expires at \d\d:\d\d UTC\./);
    await slack.press(here(operator), question, 'Cancel');
    const made = await slack.ask(here(operator), 'task create "Fix the door"');
    expect(made.card.title).toBe('Create a task (Fix the door)');
    expect(textOf(made.card)).toMatch(
      /Asked by .*@.*, \d\d:\d\d UTC\ntask [0-9a-f]{8} \(Fix the door\) for nobody yet/,
    );
    const shown = structuredClone(made.card);
    const before = slack.messages.length;
    await slack.press(here(operator), made, 'Open task');
    expect((await slack.messageAfter(before)).card).toMatchObject({ title: 'Fix the door', state: 'todo' });
    expect(made.card).toEqual(shown);
    const paused = await slack.ask(here(operator), 'pause gateway');
    const { lease_token: token } = await claimOne(chat.stack.database, chat.gateway);
    await exchange(chat.stack.database, {
      gateway: chat.gateway,
      results: [{ token, status: 'done', exit_code: 0, result: { status: 'paused' } }],
    });
    await eventually(() => expect(paused.card.state).toMatch(/^done/));
    const count = slack.messages.length;
    await slack.press(here(operator), paused, 'Resume the gateway');
    expect((await slack.messageAfter(count)).card.title).toBe('Resume the gateway (default)');
    expect(paused.card.title).toBe('Pause the gateway (default)');
    const { lease_token: second } = await claimOne(chat.stack.database, chat.gateway);
    await exchange(chat.stack.database, {
      gateway: chat.gateway,
      results: [{ token: second, status: 'failed', exit_code: 1, error_message: 'no answer' }],
    });
    const resumed = slack.messages[count];
    await eventually(() =>
      expect(resumed?.card.buttons?.map(({ label }) => label)).toEqual(['Retry', 'Open logs']),
    );
  });

  it('that is destructive is confirmed by the typed name, and stamped on the same card', async () => {
    const { database } = chat.stack;
    await database.query(`update hq.actions set danger = 'destructive' where name = 'restart_dispatcher'`);
    try {
      const discord = open.adapter('discord');
      const operator = await chat.person('operator', 'discord');
      const question = await discord.ask(operator, 'restart dispatcher');
      const { form } = await discord.press(operator, question, 'Type the name');
      // Not every platform says which message the form was opened from.
      await discord.deliver(operator, {
        kind: 'form',
        token: form?.token ?? '',
        values: { typed: 'default' },
      });
      await eventually(() => expect(question.card.stamp).toMatch(/^confirmed by /));
      expect(question.card.buttons?.map(({ label }) => label)).toEqual(['Cancel']);
    } finally {
      await database.query(`update hq.actions set danger = 'disruptive' where name = 'restart_dispatcher'`);
      await database.query(`update agent_commands set status = 'cancelled' where status = 'pending'`);
    }
  });

  it('without a required argument prompts for it: by a form, or by a question', async () => {
    const operator = await chat.person('operator');
    const slack = open.adapter('slack');
    const { form } = await slack.words(operator, 'create_task');
    expect(form?.fields[0]).toMatchObject({ name: 'title', required: true });
    const token = form?.token ?? '';
    const fill = (sender: Sender, values: Record<string, string>) =>
      slack.deliver(sender, { kind: 'form', token, values });
    const other = await chat.person('operator');
    const count = slack.messages.length;
    await fill({ ...other, channel: operator.channel }, { title: 'Not theirs', priority: 'none at all' });
    expect(textOf((await slack.messageAfter(count)).card)).toMatch(/somebody else/);
    const wrong = { title: 'Write it down', priority: 'none at all', due_date: 'soon' };
    expect((await fill(operator, wrong)).errors).toEqual({
      priority: 'Priority: “none at all” is not one of low, medium, high, urgent.',
    });
    const { errors } = await fill(operator, { ...wrong, priority: 'high' });
    expect(errors?.due_date).toMatch(/^Due cannot be “soon”\. A date such as/);
    expect(slack.messages).toHaveLength(count + 1);
    await fill(operator, { title: 'Write it down', priority: 'High' });
    await eventually(async () =>
      expect(
        await chat.stack.database.query(`select 1 from tasks where title = 'Write it down'`),
      ).toHaveLength(1),
    );

    const telegram = open.adapter('telegram');
    const phone = await chat.person('operator', 'telegram');
    const question = await telegram.ask(phone, 'task create');
    expect(question.card.question).toBeDefined();
    await telegram.deliver(phone, { kind: 'words', text: 'From the train', answer: true });
    await eventually(async () =>
      expect(
        await chat.stack.database.query(`select 1 from tasks where title = 'From the train'`),
      ).toHaveLength(1),
    );
  });
});

describe('a blocked command', () => {
  const gatewayIs = (status: string, seen: string): Promise<unknown> =>
    chat.stack.database.query(`update gateways set status = $2, last_seen_at = ${seen} where id = $1`, [
      chat.gateway,
      status,
    ]);

  it('shows the blocker on its card, as it changes, and in the confirmation', async () => {
    const slack = open.adapter('slack');
    const operator = await chat.person('operator');
    await gatewayIs('ready', `now() - interval '3 minutes'`);
    const shown = await slack.ask(operator, 'ping');
    const context = (words: RegExp): Promise<void> =>
      eventually(async () =>
        expect(textOf((await slack.ask(operator, 'restart gateway')).card)).toMatch(words),
      );
    await eventually(() =>
      expect(shown.card.state).toMatch(/^waiting for the runner: none has been seen since \d\d:\d\d UTC$/),
    );
    await context(/No runner has been seen since .*, so this will wait/);
    await gatewayIs('paused', 'now()');
    await eventually(() => expect(shown.card.state).toBe('waiting: the gateway is paused'));
    expect(textOf(shown.card)).toContain('It goes on once somebody resumes the gateway.');
    await context(/The gateway is paused, so this will wait/);
    // Resuming works while the gateway is paused, so it waits for its runner alone.
    expect((await slack.ask(operator, 'resume gateway')).card.state).toBe('waiting for the runner');
    await gatewayIs('ready', 'now()');
    await eventually(() => expect(shown.card.state).toBe('waiting for the runner'));
    await chat.stack.database.query(
      `update agent_commands set status = 'cancelled' where status = 'pending'`,
    );
    await gatewayIs('ready', 'null');
  });
});

describe('while the database is away', () => {
  it('a request is acknowledged at once, retried, and executed once when it is back', async () => {
    const discord = open.adapter('discord');
    const operator = await chat.person('operator', 'discord');
    const before = (await commands('ping')).length;
    await chat.stack.stopApi();
    const count = discord.messages.length;
    const heard = await discord.words(operator, 'ping');
    expect(heard.acknowledgedAfterMs).toBeLessThan(1_000);
    const shown = await discord.messageAfter(count);
    expect(shown.card.state).toBe('still trying');
    await chat.stack.startApi();
    await eventually(() => expect(shown.card.state).toMatch(/^waiting for the runner/));
    expect(await commands('ping')).toHaveLength(before + 1);
    expect(discord.messages).toHaveLength(count + 1);
  });

  it('and while it is slow, a request is acknowledged at once', async () => {
    const slack = open.adapter('slack');
    const operator = await chat.person('operator');
    const { database } = chat.stack;
    const held = database.query(
      'do $$ begin lock table chat_deliveries in access exclusive mode; perform pg_sleep(4); end $$',
    );
    await eventually(async () =>
      expect(
        await database.query(
          `select 1 from pg_locks where mode = 'AccessExclusiveLock' and relation = 'chat_deliveries'::regclass and granted`,
        ),
      ).toHaveLength(1),
    );
    const count = slack.messages.length;
    const heard = await slack.words(operator, 'ping');
    expect(heard.acknowledgedAfterMs).toBeLessThan(1_000);
    expect(slack.messages).toHaveLength(count);
    await held;
    expect((await slack.messageAfter(count)).card.state).toMatch(/^waiting for the runner/);
  });

  it('a request that its sender cancels is never executed', async () => {
    const discord = open.adapter('discord');
    const operator = await chat.person('operator', 'discord');
    const before = (await commands('ping')).length;
    await chat.stack.stopApi();
    const count = discord.messages.length;
    await discord.words(operator, 'ping');
    const shown = await discord.messageAfter(count);
    await discord.press(operator, shown, 'Cancel');
    await eventually(() => expect(shown.card.title).toBe('Cancelled'));
    await chat.stack.startApi();
    expect(await commands('ping')).toHaveLength(before);
  });
});

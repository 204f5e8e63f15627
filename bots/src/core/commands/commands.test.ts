import { catalogue } from '@hq/shared/actions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nilTenant } from '../../../../db/testing/database.ts';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type ChatTestStack, type OpenCore, openChatStack, withAction } from '../../../testing/chat-stack.ts';
import { textOf } from '../../../testing/test-adapter.ts';
import { platforms, type Sender } from '../../contract/inbound.ts';

let chat: ChatTestStack;
let open: OpenCore;
let operator: Sender;

beforeAll(async () => {
  chat = await openChatStack();
  open = await chat.open({ health: () => [{ label: 'Database', value: 'reachable', ok: true }] });
  operator = await chat.person('operator');
  await chat.stack.database.addAgent('writer', chat.gateway);
  await chat.stack.database.query(
    `insert into tasks (tenant_id, title, status) select $1, 'Task ' || n, 'todo' from generate_series(1, 40) n`,
    [nilTenant],
  );
});
afterAll(() => chat.close());

describe('a query', () => {
  it.each([
    ['status', /Status of the fleet[\s\S]*default/],
    ['gateways', /default {2}/],
    ['agents', /writer {2}offline, default was never heard of/],
    ['agent writer', /writer[\s\S]*Open tasks: 0/],
    ['commands', /No commands\./],
    ['tasks', /Task \d+/],
    ['deliverables', /Nothing waits for a review\./],
    ['inbox', /Nothing waits\./],
    ['usage', /Usage this month/],
    ['budgets', /Budgets/],
    ['alerts', /No alert is open\./],
    ['secrets', /No secrets\./],
    ['desktop', /ssh -L 6901:127\.0\.0\.1:6901/],
    ['doctor', /all is well/],
    ['help', /fleet\nstatus Shows the state[^\n]*\ngateways Lists[^\n]*\nlogs Shows/],
    ['help fleet', /restart_gateway Restarts the gateway service/],
    ['help money', /usage Shows/],
    ['help restart gateway', /\[gateway\]/],
    ['whoami', /operator here/],
  ])('“%s” is answered', async (words, answer) => {
    const shown = await open.adapter('slack').ask(operator, words);
    expect(textOf(shown.card)).toMatch(answer);
  });

  it('names a few of the agents that do not answer in the status', async () => {
    for (let n = 1; n <= 7; n += 1) await chat.stack.database.addAgent(`faulty-${n}`, chat.gateway);
    await chat.stack.database.query(`update agents set status = 'error' where slug like 'faulty-%'`);
    const shown = await open.adapter('slack').ask(operator, 'status');
    expect(textOf(shown.card)).toMatch(
      /Do not answer: (faulty-\d \(error\), ){4}faulty-\d \(error\) and 2 more/,
    );
    await chat.stack.database.query(`delete from agents where slug like 'faulty-%'`);
    const well = await open.adapter('slack').ask(operator, 'status');
    expect(textOf(well.card)).not.toMatch(/Do not answer/);
  });

  it('shows why an agent does not answer, and a button for what helps', async () => {
    const { database } = chat.stack;
    await database.query(`update gateways set last_seen_at = clock_timestamp()`);
    await database.query(`update agents set openclaw_id = 'writer' where slug = 'writer'`);
    const full = { kind: 'full', subject: 'agent:writer:main', reason: 'the session is full' };
    await database.query(`select report_agent_health($1, $2)`, [
      chat.gateway,
      JSON.stringify({ writer: [full] }),
    ]);
    const slack = open.adapter('slack');
    const { card } = await slack.ask(operator, 'agent writer');
    expect(textOf(card)).toMatch(/Because: the session is full[\s\S]*What helps: Restart the session/);
    expect(card.buttons?.map(({ label }) => label)).toContain('Restart a session');
    expect(textOf((await slack.ask(operator, 'agents trouble')).card)).toMatch(
      /writer {2}full, the session is full/,
    );
    expect(textOf((await slack.ask(operator, 'status')).card)).toMatch(/Do not answer: writer \(full\)/);
    await database.query(`delete from agent_conditions`);
    expect(textOf((await slack.ask(operator, 'agents trouble')).card)).toMatch(/There are no agents/);
  });

  it('lists nothing for what a row lacks', async () => {
    const slack = open.adapter('slack');
    const tasks = await slack.ask(operator, 'tasks');
    expect(textOf(tasks.card)).toMatch(/ Task \d+, todo, nobody\n/);
    await slack.ask(operator, 'create_task Short');
    const commands = await slack.ask(operator, 'commands');
    expect(textOf(commands.card)).toMatch(/ Create a task, done in /);
    await chat.stack.database.query(`delete from tasks where title = 'Short'`);
  });

  it('turns the pages of a list by its buttons, on the same card', async () => {
    const slack = open.adapter('slack');
    const shown = await slack.ask(operator, 'tasks');
    expect(shown.card.page).toEqual({ number: 1, of: 3 });
    const first = textOf(shown.card);
    await slack.press(operator, shown, 'Next');
    await eventually(() => expect(shown.card.page).toEqual({ number: 2, of: 3 }));
    expect(textOf(shown.card)).not.toBe(first);
    await slack.press(operator, shown, 'Previous');
    await eventually(() => expect(textOf(shown.card)).toBe(first));
  });

  it('lists each command that a person may use with one line, by topic and page by page', async () => {
    const telegram = open.adapter('telegram');
    const viewer = await chat.person('viewer', 'telegram');
    const shown = await telegram.ask(viewer, 'help');
    let all = textOf(shown.card);
    for (let page = 2; page <= (shown.card.page?.of ?? 1); page += 1) {
      await telegram.press(viewer, shown, 'Next');
      await eventually(() => expect(shown.card.page?.number).toBe(page));
      all += `\n${textOf(shown.card)}`;
    }
    expect(all).toMatch(/\ntasks Lists the tasks[^\n]*\n/);
    expect(all).not.toMatch(/restart_gateway|create_task|\nbind/);
    const names = new Set(all.split('\n').map((line) => line.split(' ')[0]));
    const { registry, api } = open.core.services;
    const { actions } = await api.whoami({ sender: viewer, key: 'who' }, {});
    for (const { name, visibility, isTypedOnly } of registry.commands) {
      const isHis =
        typeof visibility === 'object' ? actions.includes(visibility.action) : visibility !== 'admins';
      expect(names.has(name), name).toBe(isHis && isTypedOnly !== true);
    }
    await telegram.press(viewer, shown, 'work');
    await eventually(() =>
      expect(shown.card.title).toBe('What needs you, tasks, deliverables and the inbox'),
    );
    expect(textOf(shown.card)).toMatch(/work\nneeds Lists.*\ntasks Lists/);
    const stranger = await chat.person(null, 'telegram');
    expect((await telegram.ask(stranger, 'help')).card.buttons).toEqual([]);
  });

  it('shows the comments behind a long description, on pages', async () => {
    const { database } = chat.stack;
    const slack = open.adapter('slack');
    const [task] = await database.query<{ id: string }>(
      `insert into tasks (tenant_id, title, description, status) values ($1, 'Long', $2, 'todo') returning id`,
      [nilTenant, Array.from({ length: 300 }, (_, line) => `line ${line} of the story`).join('\n')],
    );
    await slack.ask(operator, `comment_on_task ${task?.id} "the first remark"`);
    await slack.ask(operator, `comment_on_task ${task?.id} "the last remark"`);
    const shown = await slack.ask(operator, `task ${task?.id}`);
    const pages = [textOf(shown.card)];
    for (let page = 2; page <= (shown.card.page?.of ?? 1); page += 1) {
      await slack.press(operator, shown, 'Next');
      await eventually(() => expect(shown.card.page?.number).toBe(page));
      pages.push(textOf(shown.card));
    }
    expect(pages.length).toBeGreaterThan(2);
    expect(pages[0]).toMatch(/line 0 of/);
    expect(pages.at(-1)).toMatch(/line 299 of[\s\S]*the first remark[\s\S]*the last remark/);
    for (const page of pages) expect(page.length).toBeLessThan(2_200);
    await database.query('delete from tasks where id = $1', [task?.id]);
  });

  it('shows private answers to the sender alone, if the platform can', async () => {
    expect((await open.adapter('slack').ask(operator, 'usage')).private).toBe(true);
    expect((await open.adapter('slack').ask(operator, 'status')).private).toBe(false);
  });

  it('completes names for those who may see them, and for nobody else', async () => {
    const { dispatcher } = open.core;
    const request = { words: ['show', 'agent'], argument: 'agent', typed: 'wri' };
    expect(await dispatcher.complete(operator, request)).toEqual([
      { label: expect.stringContaining('writer'), value: 'writer' },
    ]);
    expect(await dispatcher.complete(await chat.person(null), request)).toEqual([]);
    const restart = { words: ['gateway', 'restart_gateway'], argument: 'gateway', typed: '' };
    expect(await dispatcher.complete(operator, restart)).toHaveLength(1);
    expect(await dispatcher.complete(await chat.person('viewer'), restart)).toEqual([]);
    const topic = { words: ['help'], argument: 'topic', typed: 'restart' };
    expect(await dispatcher.complete(await chat.person('viewer'), topic)).toEqual([]);
  });

  it('completes titles without secrets and without escape, direction and control characters', async () => {
    const hostile =
      'pay \u001b[31m\u0007\u202e sk-proj-abcdefghij0123456789 and correct-horse-battery-staple';
    await chat.stack.database.query(`insert into tasks (tenant_id, title, status) values ($1, $2, 'todo')`, [
      nilTenant,
      hostile,
    ]);
    const request = { words: ['show', 'task'], argument: 'task', typed: 'pay' };
    const choices = await open.core.dispatcher.complete(await chat.person('operator'), request);
    expect(choices.map(({ label }) => label.slice(9))).toEqual(['pay \ufffd [redacted] and [redacted]']);
    await chat.stack.database.query('delete from tasks where title = $1', [hostile]);
  });

  it('offers to cancel unfinished commands, and nothing else', async () => {
    const { dispatcher } = open.core;
    const asker = await chat.person('operator');
    await open.adapter('slack').ask(asker, 'ping');
    expect(textOf((await open.adapter('slack').ask(asker, 'task create "Ends at once"')).card)).toMatch(
      /done/,
    );
    const offered = (words: string[]) =>
      dispatcher.complete(asker, { words, argument: 'command', typed: '' });
    const labels = async (words: string[]) => (await offered(words)).map(({ label }) => label.split(' ')[1]);
    expect(await labels(['show', 'command'])).toEqual(expect.arrayContaining(['ping', 'create_task']));
    expect(await labels(['cancel'])).toContain('ping');
    expect(await labels(['cancel'])).not.toContain('create_task');
  });

  it('is refused in a channel until an admin has bound it, and then up to its ceiling', async () => {
    const slack = open.adapter('slack');
    const admin = await chat.person('admin');
    const channel = (sender: Sender): Sender => chat.inChannel(sender, 'C-ops');
    expect(textOf((await slack.ask(channel(operator), 'status')).card)).toMatch(/bound to nothing/);
    expect(textOf((await slack.ask(channel(operator), 'bind operator')).card)).toMatch(
      /needs the role admin/,
    );
    expect((await slack.ask(channel(admin), 'bind viewer agent=writer')).card.title).toBe(
      'This channel is bound',
    );
    expect((await slack.ask(channel(operator), 'status')).card.title).toBe('Status of the fleet');
    expect(textOf((await slack.ask(channel(operator), 'agent')).card)).toMatch(/writer/);
    expect(textOf((await slack.ask(channel(admin), 'restart')).card)).toMatch(/needs the role operator/);
    expect(textOf((await slack.ask(channel(operator), 'help')).card)).not.toMatch(/restart_gateway/);
  });

  it('pauses the named gateway or agent', async () => {
    const slack = open.adapter('slack');
    expect(textOf((await slack.ask(operator, 'pause writer')).card)).toMatch(/writer is paused/);
    const gateway = await slack.ask(operator, 'pause default');
    expect(gateway.card.title).toMatch(/Pause the gateway/);
    await slack.press(operator, gateway, 'Cancel');
    await eventually(() => expect(gateway.card.state).toBe('cancelled'));
  });

  it('asks for the kind if a gateway and an agent have the same name', async () => {
    const slack = open.adapter('slack');
    const { database } = chat.stack;
    await database.addAgent('twin', chat.gateway);
    await database.query(`insert into gateways (tenant_id, slug) values ($1, 'twin')`, [nilTenant]);
    try {
      const before = await database.query('select 1 from agent_commands');
      expect(textOf((await slack.ask(await chat.person('operator'), 'pause twin')).card)).toMatch(
        /Use \/hq pause gateway twin or \/hq pause agent twin/,
      );
      expect(await database.query('select 1 from agent_commands')).toHaveLength(before.length);
    } finally {
      await database.query(`delete from gateways where slug = 'twin'`);
    }
  });

  it('shows a budget, and sets it with an amount', async () => {
    const slack = open.adapter('slack');
    const admin = await chat.person('admin');
    expect(textOf((await slack.ask(admin, 'budget writer $25')).card)).toMatch(/writer: 0\.00 of 25\.00 USD/);
    expect(textOf((await slack.ask(admin, 'budget writer')).card)).toMatch(/writer {2}0\.00 of 25\.00 USD/);
  });

  it('prompts in words: for the agent, then for the amount', async () => {
    const telegram = open.adapter('telegram');
    const admin = await chat.person('admin', 'telegram');
    const agent = await telegram.ask(admin, 'set_budget');
    expect(agent.card.state).toBe('Agent?');
    const count = telegram.messages.length;
    await telegram.deliver(admin, { kind: 'words', text: 'Writer', answer: true });
    const limit = await telegram.messageAfter(count);
    expect(limit.card.state).toBe('Monthly limit in USD?');
    expect(textOf(limit.card)).toContain('none removes the limit');
    await telegram.deliver(admin, { kind: 'words', text: '$30', answer: true });
    expect(textOf((await telegram.messageAfter(count + 1)).card)).toMatch(/writer: 0\.00 of 30\.00 USD/);
  });

  it.each([
    ['restart defalt', /There is no gateway defalt[\s\S]*Did you mean default\?/],
    ['pause nobody', /There is no agent nobody[\s\S]*HQ knows .*writer/],
    ['task ba0b', /^Task must be an id, or at least its first eight characters/],
    [
      'create_task Letter due_date=soon',
      /^Due cannot be “soon”[\s\S]*A date such as 2026-12-24, or a time such as 2026-12-24T18:00Z\./,
    ],
    ['task 12345678', /There is no such task[\s\S]*Type \/hq tasks to see those that exist/],
    ['set_budget writer abc', /Monthly limit in USD[\s\S]*such as 25/],
  ])('explains the error of “%s”', async (words, told) => {
    const admin = await chat.person('admin');
    expect(textOf((await open.adapter('slack').ask(admin, words)).card)).toMatch(told);
  });

  it('prompts for the gateway of a chat command too', async () => {
    const shown = await open.adapter('telegram').ask(await chat.person('viewer', 'telegram'), 'agent');
    expect(shown.card.state).toBe('Agent?');
    expect(shown.card.buttons?.map(({ label }) => label)).toContain('writer');
  });

  it('keeps the prompt open after an invalid answer', async () => {
    const telegram = open.adapter('telegram');
    const admin = await chat.person('admin', 'telegram');
    await telegram.ask(admin, 'top up writer');
    const count = telegram.messages.length;
    await telegram.deliver(admin, { kind: 'words', text: 'a lot', answer: true });
    expect(textOf((await telegram.messageAfter(count)).card)).toMatch(/“a lot” is not a number/);
    await telegram.deliver(admin, { kind: 'words', text: '5', answer: true });
    expect(textOf((await telegram.messageAfter(count + 1)).card)).toMatch(/writer: 0\.00 of 35\.00 USD/);
  });

  it('takes text without what Postgres cannot store', async () => {
    const telegram = open.adapter('telegram');
    const operator = await chat.person('operator', 'telegram');
    for (const [written, stored] of [
      ['a\0b', 'ab'],
      ['c\ud800d', 'c\ufffdd'],
    ]) {
      const count = telegram.messages.length;
      await telegram.deliver(operator, { kind: 'words', text: `create_task ${written}` });
      expect(textOf((await telegram.messageAfter(count)).card)).toContain(stored);
    }
    const count = telegram.messages.length;
    await telegram.deliver(operator, { kind: 'button', token: 'x\0\udc00', message: null });
    expect(textOf((await telegram.messageAfter(count)).card)).not.toMatch(/json|unicode/i);
  });

  it.each(['\u200d\u200c\u2060', '\u3164', '\u{e0041}'])(
    'takes no text that nobody can see: %j',
    async (unseen) => {
      const telegram = open.adapter('telegram');
      const admin = await chat.person('admin', 'telegram');
      await telegram.ask(admin, 'create task');
      const count = telegram.messages.length;
      await telegram.deliver(admin, { kind: 'words', text: unseen, answer: true });
      expect(textOf((await telegram.messageAfter(count)).card)).toMatch(/Title\?[\s\S]*no visible character/);
    },
  );
});

describe('one more action in the catalogue', () => {
  it('is on every platform: in the menu, in help, in a form or a question, and in words', async () => {
    const actions = withAction('rename_report', {
      ...catalogue.create_task,
      title: 'Rename a report',
      payload: z.strictObject({ title: z.string().describe('The new title') }),
    });
    const other = await chat.open({ actions });
    // The database serves what its own table of actions names.
    await chat.stack.database.query(
      `insert into hq.actions select (jsonb_populate_record(a, '{"name": "rename_report"}')).* from hq.actions a where name = 'create_task'
       on conflict do nothing`,
    );
    for (const platform of platforms) {
      const adapter = other.adapter(platform);
      const sender = await chat.person('operator', platform);
      await adapter.describeCommands(other.core.commands);
      expect(adapter.commands).toContainEqual(
        expect.objectContaining({
          path: ['work', 'rename_report'],
          arguments: [expect.objectContaining({ name: 'title' })],
        }),
      );
      expect(textOf((await adapter.ask(sender, 'help work')).card)).toContain(
        `rename_report ${catalogue.create_task.summary}`,
      );
      const before = adapter.messages.length;
      const { form } = await adapter.words(sender, 'rename report');
      if (adapter.capabilities.forms) expect(form?.fields.map(({ name }) => name)).toEqual(['title']);
      else expect((await adapter.messageAfter(before)).card.question).toBeDefined();
    }
  });
});

import { catalogue } from '@hq/shared/actions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { nilTenant } from '../../../../db/testing/database.ts';
import { eventually } from '../../../../db/testing/eventually.ts';
import { type ChatTestHouse, type OpenCore, openChatHouse, withAction } from '../../../testing/chat-house.ts';
import { textOf } from '../../../testing/test-adapter.ts';
import { platforms, type Speaker } from '../inbound.ts';

let house: ChatTestHouse;
let open: OpenCore;
let operator: Speaker;

beforeAll(async () => {
  house = await openChatHouse();
  open = await house.open({ condition: () => [{ label: 'Database', value: 'reachable', ok: true }] });
  operator = await house.person('operator');
  await house.stack.database.addAgent('writer', house.gateway);
  await house.stack.database.query(
    `insert into tasks (tenant_id, title, status) select $1, 'Task ' || n, 'todo' from generate_series(1, 40) n`,
    [nilTenant],
  );
});
afterAll(() => house.close());

describe('looking', () => {
  it.each([
    ['status', /Status of the fleet[\s\S]*default/],
    ['gateways', /default {2}/],
    ['agents', /writer {2}/],
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
    ['help', /restart_gateway/],
    ['help restart gateway', /\[gateway\]/],
    ['whoami', /operator here/],
  ])('“%s” is answered', async (words, answer) => {
    const shown = await open.adapter('slack').ask(operator, words);
    expect(textOf(shown.card)).toMatch(answer);
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

  it('shows what is private to who asked alone, where the platform can', async () => {
    expect((await open.adapter('slack').ask(operator, 'usage')).private).toBe(true);
    expect((await open.adapter('slack').ask(operator, 'status')).private).toBe(false);
  });

  it('completes names for those who may see them, and for nobody else', async () => {
    const { conversation } = open.core;
    const request = { words: ['show', 'agent'], argument: 'agent', typed: 'wri' };
    expect(await conversation.complete(operator, request)).toEqual([
      { label: expect.stringContaining('writer'), value: 'writer' },
    ]);
    expect(await conversation.complete(await house.person(null), request)).toEqual([]);
    const restart = { words: ['gateway', 'restart_gateway'], argument: 'gateway', typed: '' };
    expect(await conversation.complete(operator, restart)).toHaveLength(1);
    expect(await conversation.complete(await house.person('viewer'), restart)).toEqual([]);
    const topic = { words: ['help'], argument: 'topic', typed: 'restart' };
    expect(await conversation.complete(await house.person('viewer'), topic)).toEqual([]);
  });

  it('is refused in a channel until an admin has bound it, and then up to its ceiling', async () => {
    const slack = open.adapter('slack');
    const admin = await house.person('admin');
    const channel = (speaker: Speaker): Speaker => house.inChannel(speaker, 'C-ops');
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

  it('pauses what is named: a gateway or an agent', async () => {
    const slack = open.adapter('slack');
    expect(textOf((await slack.ask(operator, 'pause writer')).card)).toMatch(/writer is paused/);
    const gateway = await slack.ask(operator, 'pause default');
    expect(gateway.card.title).toMatch(/Pause the gateway/);
    await slack.press(operator, gateway, 'Cancel');
    await eventually(() => expect(gateway.card.state).toBe('cancelled'));
  });
});

describe('one more action in the catalogue', () => {
  it('is on all three platforms: in the menu, in help, in a form or a question, and in words', async () => {
    const actions = withAction('rotate_lamps', {
      ...catalogue.create_task,
      title: 'Rotate the lamps',
      payload: z.strictObject({ colour: z.string().describe('Which colour') }),
    });
    const other = await house.open({ actions });
    // The database serves what its own table of actions names.
    await house.stack.database.query(
      `insert into hq.actions select (jsonb_populate_record(a, '{"name": "rotate_lamps"}')).* from hq.actions a where name = 'create_task'
       on conflict do nothing`,
    );
    for (const platform of platforms) {
      const adapter = other.adapter(platform);
      const speaker = await house.person('operator', platform);
      await adapter.describeCommands(other.core.commands);
      expect(adapter.commands).toContainEqual(
        expect.objectContaining({
          path: ['work', 'rotate_lamps'],
          arguments: [expect.objectContaining({ name: 'colour' })],
        }),
      );
      expect(textOf((await adapter.ask(speaker, 'help')).card)).toContain('rotate_lamps Rotate the lamps');
      const before = adapter.messages.length;
      const { form } = await adapter.words(speaker, 'rotate lamps');
      if (adapter.capabilities.forms) expect(form?.fields.map(({ name }) => name)).toEqual(['colour']);
      else expect((await adapter.messageAfter(before)).card.question).toBeDefined();
    }
  });
});

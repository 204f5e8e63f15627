import { catalogue } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { withAction } from '../../../testing/chat-stack.ts';
import { actionCommands } from '../commands/action-commands.ts';
import type { Command } from '../commands/command.ts';
import { builtInCommands } from '../commands/index.ts';
import { createCommandRegistry, describeCommands } from './command-registry.ts';
import { type ParsedCommand, parseCommand } from './parse-command.ts';
import { tokenize } from './tokenize.ts';

const all = [...builtInCommands(catalogue), ...actionCommands(catalogue)];
const registry = createCommandRegistry(all);

const parseText = (text: string): string => describeParsed({ kind: 'words', text });

function describeParsed(input: Parameters<typeof parseCommand>[0]): string {
  const parsed = tryParse(input);
  if (parsed instanceof HqError) return `error: ${parsed.message}`;
  const values = Object.entries(parsed.values).map(([key, value]) => `${key}=${value}`);
  const missing = parsed.missing.map(({ name }) => `${name}?`);
  return [parsed.command.name, ...values, ...missing].join(' ');
}

function tryParse(input: Parameters<typeof parseCommand>[0]): ParsedCommand<Command> | HqError {
  try {
    return parseCommand(input, registry);
  } catch (error) {
    if (error instanceof HqError) return error;
    throw error;
  }
}

describe('what is typed', () => {
  it.each([
    ['', 'help'],
    ['status', 'status'],
    ['STATUS', 'status'],
    ['restart', 'restart_gateway'],
    ['restart alpha', 'restart_gateway gateway=alpha'],
    ['restart gateway alpha', 'restart_gateway gateway=alpha'],
    ['restart-gateway --gateway alpha', 'restart_gateway gateway=alpha'],
    ['restart_dispatcher', 'restart_dispatcher'],
    ['stop-all', 'stop_all'],
    ['stop all', 'stop_all'],
    ['resume-all', 'resume_all'],
    ['answer 1234abcd not today', 'answer_question question=1234abcd answer=not today'],
    ['allow 1234abcd', 'allow_host question=1234abcd'],
    ['run restart_gateway gateway=alpha', 'restart_gateway gateway=alpha'],
    ['pause writer', 'pause target=writer'],
    ['pause agent writer', 'pause_agent agent=writer'],
    ['agent pause writer', 'pause_agent agent=writer'],
    ['logs alpha --tail 50 --grep "disk full"', 'logs tail=50 grep=disk full gateway=alpha'],
    ['logs —tail 50', 'logs tail=50'],
    ['agent writer', 'agent agent=writer'],
    ['task create Write the weekly report', 'create_task title=Write the weekly report'],
    ['create_task “Write it” priority=high', 'create_task priority=high title=Write it'],
    ['assign_task 1a2b3c4d writer', 'assign_task task=1a2b3c4d agent=writer'],
    ['comment 1a2b3c4d looks good to me', 'comment_on_task task=1a2b3c4d body=looks good to me'],
    ['comment 1a2b3c4d', 'comment_on_task task=1a2b3c4d body?'],
    ['set_budget writer 25', 'set_budget agent=writer limit_usd=25'],
    ['set_budget 25', 'set_budget limit_usd=25'],
    ['top up writer 10', 'top_up_budget agent=writer amount_usd=10'],
    ['ack 1a2b3c4d', 'acknowledge_alert alert=1a2b3c4d'],
    ['show task 1a2b3c4d', 'task task=1a2b3c4d'],
    ['work create_task Report', 'create_task title=Report'],
    ['bind operator agent=writer', 'bind agent=writer ceiling=operator'],
    ['help task create', 'help topic=task create'],
    ['statsu', 'error: There is no command “statsu”.'],
    [
      'tasks --status=wrong',
      'error: Status: “wrong” is not one of open, all, todo, in progress, blocked, done, cancelled, missed.',
    ],
    ['logs --tail many', 'error: Tail: “many” is not a whole number.'],
    ['logs --tail 5000', 'error: Tail: “5000” is not at most 1000.'],
    ['status alpha beta', 'error: “beta” is one word too many.'],
    ['restart --nothing', 'error: restart_gateway takes no “nothing”.'],
  ])('“%s” is %s', (text, meant) => {
    expect(parseText(text)).toBe(meant);
  });

  // As people type it at night, on a phone.
  it.each([
    ['Restart alpha', 'restart_gateway gateway=alpha'],
    ['RESTART GATEWAY ALPHA', 'restart_gateway gateway=alpha'],
    ['restart alpha!', 'restart_gateway gateway=alpha'],
    ['restart the gateway alpha', 'restart_gateway gateway=alpha'],
    ['please restart alpha', 'restart_gateway gateway=alpha'],
    ['restart alpha now please', 'restart_gateway gateway=alpha'],
    ['reboot alpha', 'restart_gateway gateway=alpha'],
    ['gateway restart alpha', 'restart_gateway gateway=alpha'],
    ['/hq restart alpha', 'restart_gateway gateway=alpha'],
    ['restart `alpha`', 'restart_gateway gateway=alpha'],
    ['`restart alpha`', 'restart_gateway gateway=alpha'],
    ['```\nrestart alpha\n```', 'restart_gateway gateway=alpha'],
    ['restart “alpha”', 'restart_gateway gateway=alpha'],
    ['restart dispatcher alpha', 'restart_dispatcher gateway=alpha'],
    ['pause Writer', 'pause target=writer'],
    ['pause writer.', 'pause target=writer'],
    ['unpause writer', 'resume target=writer'],
    ['resume agent writer', 'resume_agent agent=writer'],
    ['resume the agent writer', 'resume_agent agent=writer'],
    ['pause gateway', 'pause_gateway'],
    ['task create "Rotate the logs"', 'create_task title=Rotate the logs'],
    ['task create “Rotate the logs”', 'create_task title=Rotate the logs'],
    ['new task Rotate the logs, now!', 'create_task title=Rotate the logs, now!'],
    ['create a task Rotate the logs', 'create_task title=Rotate the logs'],
    ['task create', 'create_task title?'],
    ['tasks', 'tasks'],
    ['Tasks?', 'tasks'],
    ['list tasks', 'tasks'],
    ['tasks list', 'tasks'],
    ['tasks done', 'tasks status=done'],
    ['tasks in progress', 'tasks status=in_progress'],
    ['tasks of writer', 'tasks agent=writer'],
    ['tasks 2', 'tasks page=2'],
    ['task 1234abcd', 'task task=1234abcd'],
    ['task `1234ABCD`', 'task task=1234abcd'],
    ['tasks 1234abcd', 'task task=1234abcd'],
    ['task #1234abcd.', 'task task=1234abcd'],
    ['assign 1234abcd to writer', 'assign_task task=1234abcd agent=writer'],
    ['assign task 1234abcd to agent writer', 'assign_task agent=writer task=1234abcd'],
    ['set task status 1234abcd in progress', 'set_task_status status=in_progress task=1234abcd'],
    ['task status 1234abcd Done', 'set_task_status status=done task=1234abcd'],
    ['comment on 1234abcd “looks good”', 'comment_on_task task=1234abcd body=looks good'],
    ['approve 1234abcd', 'approve_deliverable deliverable=1234abcd'],
    ['approve', 'approve_deliverable deliverable?'],
    ['reject 1234abcd too long', 'reject_deliverable deliverable=1234abcd note=too long'],
    [
      'request revision 1234abcd shorter, please',
      'request_revision deliverable=1234abcd note=shorter, please',
    ],
    ['deliverables', 'deliverables'],
    ['ack 1234abcd', 'acknowledge_alert alert=1234abcd'],
    ['ack', 'acknowledge_alert alert?'],
    ['ack alert 1234abcd', 'acknowledge_alert alert=1234abcd'],
    ['mute 1234abcd 2h', 'mute_alert minutes=120 alert=1234abcd'],
    ['mute 1234abcd for 2 hours', 'mute_alert minutes=120 alert=1234abcd'],
    ['mute alert 1234abcd 30', 'mute_alert minutes=30 alert=1234abcd'],
    ['mute 12345678', 'mute_alert alert=12345678'],
    ['alerts', 'alerts'],
    ['alerts all', 'alerts status=all'],
    ['logs alpha', 'logs gateway=alpha'],
    ['logs of alpha', 'logs gateway=alpha'],
    ['logs alpha 50', 'logs tail=50 gateway=alpha'],
    ['logs gateway alpha tail 50 grep timeout', 'logs gateway=alpha tail=50 grep=timeout'],
    ['logs tail alpha', 'tail_logs gateway=alpha'],
    ['tail logs alpha', 'tail_logs gateway=alpha'],
    ['budget writer', 'budget agent=writer'],
    ['budget writer 25', 'budget agent=writer limit=25'],
    ['budget writer $25', 'budget agent=writer limit=25'],
    ['set budget of writer to 25,50', 'set_budget agent=writer limit_usd=25.50'],
    ['set budget writer limit=25', 'set_budget limit_usd=25 agent=writer'],
    ['top up writer 5', 'top_up_budget agent=writer amount_usd=5'],
    ['top up writer by 5 USD', 'top_up_budget agent=writer amount_usd=5'],
    ['top up writer', 'top_up_budget agent=writer amount_usd?'],
    ['top up 5', 'top_up_budget amount_usd=5'],
    ['top up writer by 5usd', 'top_up_budget agent=writer amount_usd=5'],
    ['desktop alpha', 'desktop gateway=alpha'],
    ['secrets alpha', 'secrets gateway=alpha'],
    ['agent Writer', 'agent agent=writer'],
    ['show agent writer', 'agent agent=writer'],
    ['gateway alpha', 'gateways gateway=alpha'],
    ['status alpha', 'status gateway=alpha'],
    ['status', 'status'],
    ['Status.', 'status'],
    ['commands', 'commands'],
    ['commands failed', 'commands status=failed'],
    ['command 1234abcd', 'command command=1234abcd'],
    ['commands 1234abcd', 'command command=1234abcd'],
    ['cancel 1234ABCD', 'cancel command=1234abcd'],
    ['cancel command 1234abcd', 'cancel command=1234abcd'],
    ['cancel', 'cancel command?'],
    ['doctor', 'doctor'],
    ['Who am I?', 'whoami'],
    ['bind Viewer', 'bind ceiling=viewer'],
    ['bind viewer.', 'bind ceiling=viewer'],
    ['usage', 'usage'],
    ['help restart', 'help topic=restart'],
  ])('“%s” is meant as %s', (text, meant) => {
    expect(parseText(text)).toBe(meant);
  });

  it('lists the commands that begin with an ambiguous word', () => {
    expect(tryParse({ kind: 'words', text: 'set 1234abcd done' })).toMatchObject({
      message: '“set” is the beginning of several commands.',
      hint: 'Use one of set_agent_model, set_allowed_hosts, set_task_status, set_budget.',
    });
  });

  it('suggests the command that a misspelt word stands for', () => {
    expect(tryParse({ kind: 'words', text: 'restrat alpha' })).toMatchObject({
      hint: expect.stringContaining('restart'),
    });
  });

  it('is parsed or refused with a message, whatever it is', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'run',
        'task',
        '--x',
        '"',
        '=',
        '--',
        'a=b',
        '__proto__',
        'constructor',
        ...all.map(({ name }) => name),
      ),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        const parsed = tryParse({ kind: 'words', text: words.join(' ') });
        if (parsed instanceof HqError) expect(parsed.message).toMatch(/\S/);
        else
          for (const key of Object.keys(parsed.values)) {
            expect(parsed.command.arguments.map(({ name }) => name)).toContain(key);
          }
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps words whole between quotes, and takes nothing quoted for a name', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('"') && text !== ''),
        (text) => {
          expect(tokenize(`"${text}" key="${text}"`)).toEqual({
            positional: [text],
            named: new Map([['key', text]]),
          });
        },
      ),
    );
  });
});

describe('what is picked', () => {
  it.each([
    [['task', 'create'], { title: 'Report' }, 'create_task title=Report'],
    [['tasks', 'list'], {}, 'tasks'],
    [['agent', 'pause'], { agent: 'writer' }, 'pause_agent agent=writer'],
    [['gateway', 'restart'], { gateway: 'Alpha' }, 'restart_gateway gateway=alpha'],
    [['restart'], { gateway: 'alpha' }, 'restart_gateway gateway=alpha'],
    [['show', 'task'], { task: '`1234ABCD`' }, 'task task=1234abcd'],
    [['agent', 'set_budget'], { agent: 'writer', limit: '$25' }, 'set_budget agent=writer limit_usd=25'],
    [['alert', 'mute'], { alert: '1234abcd', minutes: '2h' }, 'mute_alert alert=1234abcd minutes=120'],
    [['work_2', 'create_task'], { title: 'Report' }, 'create_task title=Report'],
    [[], {}, 'help'],
  ])('by %j with %j is %s', (words, options, meant) => {
    expect(describeParsed({ kind: 'options', words, options })).toBe(meant);
  });

  it('comes to the same command as what is typed', () => {
    const parsed = parseCommand(
      { kind: 'options', words: ['work', 'create_task'], options: { title: 'Report', priority: '' } },
      registry,
    );
    expect(parsed).toMatchObject({ values: { title: 'Report' }, missing: [] });
  });
});

describe('the menus', () => {
  const described = describeCommands(all);

  it('keep to what the narrowest platform takes', () => {
    const first = new Set(described.map(({ path }) => path[0]));
    expect(first.size).toBeLessThanOrEqual(25);
    for (const group of first) {
      expect(
        described.filter(({ path }) => path[0] === group && path.length === 2).length,
      ).toBeLessThanOrEqual(25);
      // A group and a command cannot have one name.
      const asCommand = described.filter(({ path }) => path[0] === group && path.length === 1);
      const asGroup = described.filter(({ path }) => path[0] === group && path.length === 2);
      expect(asCommand.length === 0 || asGroup.length === 0).toBe(true);
    }
    for (const { path, arguments: args } of described) {
      for (const name of [...path, ...args.map((one) => one.name)])
        expect(name).toMatch(/^[a-z][a-z0-9_]{0,31}$/);
      expect(args.length).toBeLessThanOrEqual(25);
      expect(args.map(({ required }) => required)).toEqual(
        args.map(({ required }) => required).sort((a, b) => Number(b) - Number(a)),
      );
    }
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it('overflow into a second group, where every entry is found', () => {
    let actions = { ...catalogue } satisfies Record<string, unknown>;
    for (let n = 0; n < 40; n += 1)
      actions = {
        ...actions,
        ...withAction(`extra_${String.fromCharCode(97 + (n % 26))}${n}`, catalogue.ping),
      };
    const many = actionCommands(actions);
    const groups = describeCommands(many).filter(({ path }) => path[0].startsWith('gateway'));
    expect(groups.some(({ path }) => path[0] === 'gateway_2')).toBe(true);
    const last = groups.at(-1);
    const parsed = parseCommand(
      { kind: 'options', words: last?.path ?? [], options: {} },
      createCommandRegistry(many),
    );
    expect(parsed).toMatchObject({ command: { name: last?.path[1] } });
  });
});

describe('one more action in the catalogue', () => {
  it('is there in words, menus, arguments and help without a line of chat', () => {
    const actions = withAction('rename_report', {
      ...catalogue.restart_gateway,
      title: 'Rename a report',
      payload: z.strictObject({ colour: z.enum(['red', 'green']).describe('Which colour') }),
    });
    const commands = [...builtInCommands(actions), ...actionCommands(actions)];
    const words = createCommandRegistry(commands);
    expect(parseCommand({ kind: 'words', text: 'rename report green alpha' }, words)).toMatchObject({
      command: { name: 'rename_report' },
    });
    expect(describeCommands(commands).find(({ path }) => path[1] === 'rename_report')).toMatchObject({
      path: ['gateway', 'rename_report'],
      arguments: [
        { name: 'colour', kind: 'choice', required: true },
        { name: 'gateway', completes: true },
      ],
    });
  });
});

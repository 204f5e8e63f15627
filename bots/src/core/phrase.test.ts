import { catalogue } from '@hq/shared/actions';
import { expect, it } from 'vitest';
import type { CommandSyntax } from '../contract/adapter.ts';
import { actionCommands } from './commands/action-commands.ts';
import { builtInCommands } from './commands/index.ts';
import { createCommandRegistry } from './parse/command-registry.ts';
import { phrase } from './phrase.ts';

const registry = createCommandRegistry([...builtInCommands(catalogue), ...actionCommands(catalogue)]);
const channel = { kind: 'group', thread: null } as const;
const thread = { kind: 'group', thread: '1.1' } as const;
const direct = { kind: 'direct', thread: null } as const;
const plain: CommandSyntax = { prefix: '/hq' };
const threaded: CommandSyntax = { prefix: '/hq', inThread: '@HQ' };
const inGroups: CommandSyntax = { prefix: '/hq', asText: '/hq run', direct: ['bind', 'link'] };

it.each([
  ['Type `help` to see.', plain, channel, 'Type /hq help to see.'],
  ['Type `help` to see.', threaded, thread, 'Type @HQ help to see.'],
  ['Type `help` to see.', threaded, direct, 'Type /hq help to see.'],
  [
    '`bind`, `ack ID` or `set_budget <agent>`',
    inGroups,
    channel,
    '/hq bind, /hq run ack ID or /hq run set_budget <agent>',
  ],
  [
    'Send `link CODE`, made with `hq-tui chat code`.',
    threaded,
    thread,
    'Send /hq link CODE, made with hq-tui chat code.',
  ],
  ['One `backtick and no other', plain, channel, 'One `backtick and no other'],
])('“%s” with %j in %j is “%s”', (text, syntax, place, written) => {
  expect(phrase(text, place, syntax, registry)).toBe(written);
});

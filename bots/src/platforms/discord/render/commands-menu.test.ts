import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommands } from '../../../../fakes/discord-server/command-schemas.ts';
import type { ArgumentDescription, CommandDescription } from '../../../contract/adapter.ts';
import { pathOf, renderCommands } from './commands-menu.ts';
import { assignGroups } from './menu-groups.ts';

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,31}$/u);
const argument: fc.Arbitrary<ArgumentDescription> = fc.record({
  name: word,
  summary: fc.string({ unit: 'grapheme', maxLength: 200 }),
  kind: fc.constantFrom('text', 'integer', 'number', 'boolean', 'choice'),
  required: fc.boolean(),
  completes: fc.boolean(),
  choices: fc.array(fc.record({ label: fc.string({ maxLength: 150 }), value: word }), { maxLength: 25 }),
});
const command: fc.Arbitrary<CommandDescription> = fc.record({
  path: fc.oneof(fc.tuple(word), fc.tuple(fc.constantFrom('tasks', 'budgets'), word)),
  summary: fc.string({ unit: 'grapheme', maxLength: 200 }),
  arguments: fc.uniqueArray(argument, { maxLength: 25, selector: ({ name }) => name }),
  rank: fc.integer(),
});

const simple = (path: CommandDescription['path'], rank = 0): CommandDescription => ({
  path,
  summary: `Does ${path.join(' ')}`,
  arguments: [],
  rank,
});

describe('the commands under /hq', () => {
  it('are always valid for Discord', () => {
    const commands = fc.uniqueArray(command, { maxLength: 60, selector: ({ path }) => path.join(' ') });
    fc.assert(
      fc.property(commands, (known) => {
        expect(() => parseCommands([renderCommands(known).body])).not.toThrow();
      }),
      { numRuns: 150 },
    );
  });

  it('keep their whole summaries while there is room', () => {
    const { body, omitted } = renderCommands([
      simple(['status']),
      simple(['tasks', 'list'], 1),
      {
        ...simple(['restart'], 2),
        arguments: [
          { name: 'note', summary: 'Why', kind: 'text', required: false, completes: false, maxLength: 200 },
          { name: 'gateway', summary: 'Which', kind: 'text', required: true, completes: true },
          {
            name: 'lines',
            summary: 'Lines',
            kind: 'integer',
            required: true,
            completes: false,
            min: 1,
            max: 9,
          },
        ],
      },
    ]);
    expect(omitted).toBe(0);
    expect(body).toMatchObject({
      name: 'hq',
      contexts: [0, 1],
      options: [
        { type: 1, name: 'status', description: 'Does status' },
        { type: 2, name: 'tasks', description: 'list', options: [{ type: 1, name: 'list' }] },
        {
          type: 1,
          name: 'restart',
          options: [
            { name: 'gateway', required: true, autocomplete: true },
            { name: 'lines', type: 4, required: true, min_value: 1, max_value: 9 },
            { name: 'note', required: false, max_length: 200 },
          ],
        },
        { type: 1, name: 'run', options: [{ name: 'words', required: true }] },
      ],
    });
  });

  it('include a command with the name of a group in that group', () => {
    const { body } = renderCommands([simple(['tasks']), simple(['tasks', 'create'], 1)]);
    expect(body.options).toMatchObject([
      { name: 'tasks', type: 2, options: [{ name: 'show' }, { name: 'create' }] },
      { name: 'run' },
    ]);
    expect(pathOf(['tasks', 'show'])).toEqual(['tasks']);
    expect(pathOf(['tasks', 'create'])).toEqual(['tasks', 'create']);
  });

  it('place preferred commands directly under /hq, and the overflow in a group', () => {
    const many = Array.from({ length: 25 }, (_, rank) => simple([`command${rank}`], rank));
    const chat = [simple(['chat', 'bind'], 80), simple(['chat', 'unbind'], 91)];
    const known = [...many, ...chat, simple(['link'], 41), simple(['run'], 99)];
    const paths = assignGroups(known).map(({ path }) => path.join(' '));
    expect(paths).toEqual(
      expect.arrayContaining(['bind', 'link', 'chat unbind', 'command0', 'show command24', 'show run']),
    );
    const { body, omitted } = renderCommands(known);
    expect(omitted).toBe(0);
    expect(body.options).toHaveLength(25);
    expect(() => parseCommands([body])).not.toThrow();
  });

  it('shorten summaries of arguments before those of commands', () => {
    const known = Array.from({ length: 20 }, (_, rank) => ({
      ...simple([`command${rank}`], rank),
      summary: 'c'.repeat(80),
      arguments: Array.from({ length: 8 }, (__, index) => ({
        name: `argument${index}`,
        summary: 'a'.repeat(80),
        kind: 'text' as const,
        required: false,
        completes: false,
      })),
    }));
    const { body, omitted } = renderCommands(known);
    expect(omitted).toBe(0);
    expect(body.options?.[0]).toMatchObject({
      description: 'c'.repeat(80),
      options: [{ description: expect.stringMatching(/^a{10,29}…$/u) }, {}, {}, {}, {}, {}, {}, {}],
    });
  });

  it('omit the last ones only if shortening does not suffice', () => {
    const heavy = Array.from({ length: 24 }, (_, rank) => ({
      ...simple([`command${rank}`], rank),
      arguments: Array.from({ length: 25 }, (_, index) => ({
        name: `argument_with_a_long_name_${index}`,
        summary: 'x'.repeat(100),
        kind: 'text' as const,
        required: false,
        completes: false,
      })),
    }));
    const { body, omitted } = renderCommands(heavy);
    expect(omitted).toBeGreaterThan(0);
    expect(body.options?.[0]?.name).toBe('command0');
    expect(() => parseCommands([body])).not.toThrow();
  });
});

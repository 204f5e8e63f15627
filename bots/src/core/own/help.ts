import { HqError } from '@hq/shared/errors';
import { isShownTo } from '../audience.ts';
import type { Card, TextNode } from '../card.ts';
import type { Whoami } from '../chat-hq.ts';
import type { Command } from '../command.ts';
import { usageOf } from '../usage.ts';

export const help: Command = {
  name: 'help',
  group: null,
  aliases: ['?', 'commands help', 'start'],
  title: 'Help',
  summary: 'Lists what you can do here, or tells about one command.',
  arguments: [
    {
      name: 'topic',
      summary: 'A command',
      kind: 'text',
      required: false,
      completion: 'topic',
      rest: true,
    },
  ],
  audience: 'everyone',
  private: true,
  rank: 0,
  async run({ said, values, house, answer }) {
    const who = await house.hq.whoami(said);
    const shown = house.vocabulary.commands.filter(
      (command) => command.isTypedOnly !== true && isShownTo(command, who),
    );
    const { topic } = values;
    if (topic === undefined) {
      await answer(overview(shown, who));
      return;
    }
    const found = house.vocabulary.find(topic.trim().split(/\s+/u));
    if (found === null || !shown.includes(found.command)) {
      throw new HqError('not_found', `There is no command “${topic.slice(0, 60)}” for you here.`, {
        hint: 'Say help for what there is.',
      });
    }
    await answer(about(found.command));
  },
};

function overview(shown: readonly Command[], who: Whoami): Card {
  const groups = new Map<string, Command[]>();
  for (const command of shown) {
    const name = command.group ?? '';
    groups.set(name, [...(groups.get(name) ?? []), command]);
  }
  const titles: Readonly<Record<string, string>> = {
    '': 'Look',
    show: 'One of them',
    chat: 'This chat',
    gateway: 'Act on gateways',
    agent: 'Act on agents',
    work: 'Act on work',
  };
  return {
    title: 'What you can do here',
    tone: 'neutral',
    state: who.linked ? `${who.role ?? 'nothing'} here` : 'not linked',
    body: [...groups].flatMap(([group, commands]): TextNode[] => [
      { kind: 'text', text: `${titles[group] ?? group}\n`, strong: true },
      ...commands
        .toSorted((a, b) => a.rank - b.rank)
        .flatMap(({ name, title }): TextNode[] => [
          { kind: 'code', text: name },
          { kind: 'text', text: ` ${title}\n` },
        ]),
    ]),
    footer: who.linked
      ? 'help COMMAND tells more. Arguments: in their order, key=value or --key value.'
      : 'Link your account first: link CODE, with a code from hq-tui chat code.',
  };
}

function about(command: Command): Card {
  return {
    title: command.title,
    tone: 'neutral',
    body: [
      { kind: 'text', text: `${command.summary}\n` },
      { kind: 'code', text: usageOf(command).replace(/^Say /u, '') },
      { kind: 'text', text: '\n' },
      ...(command.aliases.length === 0
        ? []
        : [{ kind: 'text' as const, text: `Also: ${command.aliases.slice(0, 6).join(', ')}` }]),
    ],
    fields: command.arguments.map(({ name, summary, required, choices }) => ({
      label: required ? `${name} (required)` : name,
      value: choices === undefined ? summary : `${summary}: ${choices.map(({ value }) => value).join(', ')}`,
      wide: true,
    })),
  };
}

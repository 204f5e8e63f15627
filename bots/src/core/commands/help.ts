import { HqError } from '@hq/shared/errors';
import type { Button, Card, TextNode } from '../../contract/card.ts';
import { code, newLine, strong, text } from '../cards/card-parts.ts';
import { quote } from '../parse/quote.ts';
import { usageOf } from '../parse/usage.ts';
import { textArgument } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { defineCommand } from './define-command.ts';
import { findTopic, groupByTopic, type Topic } from './help-topics.ts';
import { pageArgument, showList } from './queries/show-list.ts';
import { isVisibleTo, visibleCommands } from './visibility.ts';

const topicsStandForSeconds = 3_600;
/** Commands on one page, if they fit. */
const mostCommands = 30;

export const help = defineCommand({
  name: 'help',
  aliases: ['?', 'commands help', 'start', 'hi', 'hello'],
  title: 'Help',
  summary: 'Lists what you can do here; with a topic or a command, explains it.',
  arguments: [
    textArgument('topic', 'A topic or a command', { completion: 'topic', rest: true }),
    pageArgument,
  ],
  visibility: 'everyone',
  private: true,
  rank: 0,
  async run(context) {
    const { delivery, values, services, responder } = context;
    const who = await services.api.whoami(delivery, {});
    const shown = visibleCommands(services, who);
    if (who.linked) services.describeTo(delivery.sender, shown);
    const wanted = values.topic;
    const topics = groupByTopic(shown);
    const buttons = who.linked
      ? topics.filter(({ topic }) => topic.name !== wanted).map(({ topic }) => topicButton(context, topic))
      : [];
    const topic = wanted === undefined ? undefined : topics.find((one) => one.topic === findTopic(wanted));
    if (wanted === undefined || topic !== undefined) {
      const linked = '`help TOPIC` and `help COMMAND` say more. HQ asks for missing arguments.';
      const unlinked =
        'Link your account first: `link CODE` in a direct message, with a code from `hq-tui chat code`.';
      await showList(context, {
        command: 'help',
        title: topic?.topic.title ?? 'What you can do here',
        state: who.linked ? `${who.role ?? 'nothing'} here` : 'not linked',
        lines: (topic === undefined ? topics : [topic]).flatMap(linesOfTopic),
        emptyText: 'There is nothing that you can do here.',
        footer: who.linked ? linked : unlinked,
        buttons,
        mostLines: mostCommands,
      });
      return;
    }
    const found = services.registry.find(wanted.trim().split(/\s+/u));
    if (found === null || !isVisibleTo(found.command, who)) {
      throw new HqError('not_found', `There is no command ${quote(wanted)} for you here.`, {
        hint: 'Type `help` to see the commands.',
      });
    }
    await responder.replace(about(found.command, (text) => services.phrase(text, delivery.sender)));
  },
});

function topicButton({ delivery: { sender }, services }: CommandContext, { name }: Topic): Button {
  return services.buttons.offer(sender, {
    label: name,
    intent: { command: 'help', values: { topic: name } },
    user: sender.user,
    seconds: topicsStandForSeconds,
  });
}

/** One line for each command; the heading belongs to the first, so that no page ends with it. */
function linesOfTopic({ topic, commands }: ReturnType<typeof groupByTopic>[number]): TextNode[][] {
  return commands.map(({ name, summary }, at) => [
    ...(at === 0 ? [strong(topic.name), newLine] : []),
    code(name),
    text(` ${summary}`),
  ]);
}

function about(command: Command, phrase: (text: string) => string): Card {
  return {
    title: command.title,
    tone: 'neutral',
    body: [
      text(`${command.summary}\n`),
      code(phrase(usageOf(command)).replace(/^Usage: /u, '')),
      ...command.arguments.flatMap(({ name, summary, required, choices }): TextNode[] => [
        newLine,
        strong(name),
        text(`${required ? ', needed' : ''}: ${summary}`),
        ...(choices === undefined ? [] : [text(` (${choices.map(({ value }) => value).join(', ')})`)]),
      ]),
    ],
    ...(command.aliases.length > 0 && { footer: `Also: ${command.aliases.slice(0, 6).join(', ')}` }),
  };
}

import { HqError } from '@hq/shared/errors';
import type { Button, Card, TextNode } from '../../contract/card.ts';
import type { Whoami } from '../api/chat-api.ts';
import { code, linesOf, newLine, strong, text } from '../cards/card-parts.ts';
import { quote } from '../parse/quote.ts';
import { usageOf } from '../parse/usage.ts';
import { textArgument } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { defineCommand } from './define-command.ts';
import { findTopic, groupByTopic, type Topic } from './help-topics.ts';
import { isVisibleTo } from './visibility.ts';

const topicsStandForSeconds = 3_600;

export const help = defineCommand({
  name: 'help',
  aliases: ['?', 'commands help', 'start', 'hi', 'hello'],
  title: 'Help',
  summary: 'Lists what you can do here; with a topic or a command, explains it.',
  arguments: [textArgument('topic', 'A topic or a command', { completion: 'topic', rest: true })],
  visibility: 'everyone',
  private: true,
  rank: 0,
  async run(context) {
    const { delivery, values, services, responder } = context;
    const who = await services.api.whoami(delivery, {});
    const shown = services.registry.commands.filter(
      (command) => command.isTypedOnly !== true && isVisibleTo(command, who),
    );
    const wanted = values.topic;
    const topics = groupByTopic(shown);
    const buttons = who.linked
      ? topics.filter(({ topic }) => topic.name !== wanted).map(({ topic }) => topicButton(context, topic))
      : [];
    if (wanted === undefined) {
      await responder.replace({ ...overview(topics, who), buttons });
      return;
    }
    const topic = topics.find((one) => one.topic === findTopic(wanted));
    if (topic !== undefined) {
      await responder.replace({ ...aboutTopic(topic), buttons });
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

function overview(topics: ReturnType<typeof groupByTopic>, who: Whoami): Card {
  return {
    title: 'What you can do here',
    tone: 'neutral',
    state: who.linked ? `${who.role ?? 'nothing'} here` : 'not linked',
    body: linesOf(
      topics.map(({ topic, commands }) => [
        strong(topic.name),
        text(`  ${commands.map(({ name }) => name).join(', ')}`),
      ]),
    ),
    footer: who.linked
      ? '`help TOPIC` and `help COMMAND` say more. HQ asks for missing arguments.'
      : 'Link your account first: `link CODE` in a direct message, with a code from `hq-tui chat code`.',
  };
}

function aboutTopic({ topic, commands }: ReturnType<typeof groupByTopic>[number]): Card {
  return {
    title: topic.title,
    tone: 'neutral',
    body: linesOf(commands.map(({ name, title }) => [code(name), text(` ${title}`)])),
    footer: '`help COMMAND` shows the usage of a command.',
  };
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

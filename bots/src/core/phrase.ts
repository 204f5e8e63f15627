import type { CommandSyntax } from '../contract/adapter.ts';
import type { ChatLocation } from '../contract/inbound.ts';
import type { CommandRegistry } from './parse/command-registry.ts';

const quoted = /`([^`\n]+)`/gu;

/**
 * Writes each command between backticks as people write it in this place: `/hq status`, or `@HQ status` in a thread. The
 * backticks go, and other words between them stay as they are. Codes are for direct messages, so `link` is written as there.
 */
export function phrase(
  text: string,
  { kind, thread }: Pick<ChatLocation, 'kind' | 'thread'>,
  { prefix, inThread = prefix, asText = prefix, direct = [] }: CommandSyntax,
  registry: CommandRegistry,
): string {
  return text.replaceAll(quoted, (_whole, words: string) => {
    const command = registry.find(words.split(' '))?.command;
    if (command === undefined) return words;
    const isInThread = kind === 'group' && thread !== null && command.directOnly !== true;
    const behind = asText === prefix || direct.includes(command.name) ? prefix : asText;
    return `${isInThread ? inThread : behind} ${words}`;
  });
}

import type { Command } from './command.ts';

/** A group of commands in help. */
export interface Topic {
  readonly name: string;
  readonly title: string;
}

interface ListedTopic extends Topic {
  /** The first commands; actions of the catalogue follow. */
  readonly commands: readonly string[];
}

const topics: readonly ListedTopic[] = [
  {
    name: 'fleet',
    title: 'How everything is, and what acts on gateways',
    commands: ['status', 'gateways', 'logs', 'desktop', 'secrets', 'doctor'],
  },
  { name: 'agents', title: 'Agents', commands: ['agents', 'agent'] },
  {
    name: 'work',
    title: 'What needs you, tasks, deliverables and the inbox',
    commands: ['needs', 'tasks', 'task', 'deliverables', 'deliverable', 'inbox'],
  },
  { name: 'money', title: 'What agents cost and may cost', commands: ['usage', 'budgets'] },
  { name: 'alerts', title: 'Alerts', commands: ['alerts', 'subscribe', 'subscriptions', 'unsubscribe'] },
  {
    name: 'commands',
    title: 'Commands and their results',
    commands: ['commands', 'command', 'output', 'cancel'],
  },
  {
    name: 'chat',
    title: 'You and this chat',
    commands: ['help', 'whoami', 'link', 'unlink', 'bind', 'unbind'],
  },
];

export const findTopic = (name: string): Topic | undefined =>
  topics.find((topic) => topic.name === name.trim().toLowerCase());

/** Groups commands by topic, in the order of help; leaves out empty topics. */
export function groupByTopic(commands: readonly Command[]): { topic: Topic; commands: readonly Command[] }[] {
  return topics
    .map((topic) => ({
      topic,
      commands: commands
        .filter((command) => topicOf(command) === topic.name)
        .toSorted((a, b) => placeOf(a, topic) - placeOf(b, topic)),
    }))
    .filter(({ commands: found }) => found.length > 0);
}

function placeOf({ name, rank }: Command, { commands }: ListedTopic): number {
  const at = commands.indexOf(name);
  return at < 0 ? commands.length + rank : at;
}

/** Finds the topic of an action by its arguments and its group. */
function topicOf({ name, group, arguments: all }: Command): string {
  const named = topics.find(({ commands }) => commands.includes(name));
  if (named !== undefined) return named.name;
  if (all.some(({ completion }) => completion === 'alert')) return 'alerts';
  if (all.some(({ unit }) => unit === 'usd')) return 'money';
  if (group === 'agent') return 'agents';
  return group === 'gateway' ? 'fleet' : 'work';
}

import type { Argument, Completion } from '../../../contract/command.ts';
import type { Command } from '../command.ts';

/** What all commands that only look have in common. */
export const queryDefaults = {
  group: null,
  visibility: 'linked',
  private: false,
} as const satisfies Partial<Command>;

export function textArgument(
  name: string,
  completion: Completion | null,
  summary: string,
  required = false,
): Argument {
  return { name, summary, kind: 'text', required, completion, maxLength: 100 };
}

export function choiceArgument(name: string, summary: string, values: readonly string[]): Argument {
  return {
    name,
    summary,
    kind: 'choice',
    required: false,
    completion: null,
    choices: values.map((value) => ({ label: value.replaceAll('_', ' '), value })),
  };
}

/** The arguments that were said, without those that only chat knows. */
export function queryArguments(values: Readonly<Record<string, string>>): Record<string, string | number> {
  const { page: _page, ...rest } = values;
  return { limit: 100, ...rest };
}

/** How else a list is asked for. */
export function listAliases(name: string): string[] {
  return [`list ${name}`, `${name} list`, `${name.replace(/s$/u, '')} list`, `show ${name}`, `ls ${name}`];
}

export const agentArgument = textArgument('agent', 'agent', 'Only those of this agent');

export const openStatuses = (more: readonly string[]): readonly string[] => ['open', 'all', ...more];

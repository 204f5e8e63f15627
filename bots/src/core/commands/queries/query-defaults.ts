import type { z } from 'zod';
import type { Argument, Completion } from '../../../contract/command.ts';
import type { Command, CommandContext } from '../command.ts';

/** Common properties of all commands that only read. */
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

export function integerArgument(name: string, summary: string, max: number): Argument {
  return { name, summary, kind: 'integer', required: false, completion: null, min: 1, max };
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

/** The given arguments, without those that the database does not know. */
export function queryArguments(values: Readonly<Record<string, string>>): Record<string, string | number> {
  const { page: _page, ...rest } = values;
  return { limit: 100, ...rest };
}

/** Reads the rows that the command's arguments select. */
export function queryRows<Row>(
  { services, delivery, values }: CommandContext,
  what: string,
  row: z.ZodType<Row>,
): Promise<Row[]> {
  return services.api.read(delivery, what, queryArguments(values), row);
}

/** Other names of a list. */
export function listAliases(name: string): string[] {
  return [`list ${name}`, `${name} list`, `${name.replace(/s$/u, '')} list`, `show ${name}`, `ls ${name}`];
}

export const agentArgument = textArgument('agent', 'agent', 'Only those of this agent');

export const openStatuses = (more: readonly string[]): readonly string[] => ['open', 'all', ...more];

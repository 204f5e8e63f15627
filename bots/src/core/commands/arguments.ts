import type { Argument } from '../../contract/command.ts';

/** An optional text, unless `more` says otherwise. */
export function textArgument(name: string, summary: string, more: Partial<Argument> = {}): Argument {
  return { name, summary, kind: 'text', required: false, completion: null, maxLength: 100, ...more };
}

export function integerArgument(name: string, summary: string, max: number): Argument {
  return { name, summary, kind: 'integer', required: false, completion: null, min: 1, max };
}

export function choiceArgument(name: string, summary: string, values: readonly string[]): Argument {
  const choices = values.map((value) => ({ label: humanize(value), value }));
  return { name, summary, kind: 'choice', required: false, completion: null, choices };
}

/** `in_progress` → `in progress`. */
export const humanize = (word: string): string => word.replaceAll('_', ' ');

/** Only the rows with this status. */
export const statusArgument = (...values: readonly string[]): Argument =>
  choiceArgument('status', 'Only these', values);

export const gatewayArgument = (summary = 'Only those of this gateway'): Argument =>
  textArgument('gateway', summary, { completion: 'gateway' });

export const agentArgument = (summary = 'Only those of this agent'): Argument =>
  textArgument('agent', summary, { completion: 'agent' });

/** The id of one row. */
export const idArgument = (
  name: 'command' | 'task' | 'deliverable',
  completion: Argument['completion'] = name,
): Argument =>
  textArgument(name, `The ${name}’s id, or its first eight characters`, { completion, required: true });

/** A value that a button carries. */
export const carried = (name: string): Argument => textArgument(name, '', { required: true });

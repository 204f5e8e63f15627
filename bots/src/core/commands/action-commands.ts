import { type Action, type PayloadField, payloadFields } from '@hq/shared/actions';
import type { Argument, Completion } from '../../contract/command.ts';
import { type ActionTable, isTargetField } from '../action-table.ts';
import type { Command } from './command.ts';
import { runAction } from './run-action.ts';

const groupOf = { gateway: 'gateway', agent: 'agent', workspace: 'work' } as const;

/** Synonyms of the first word of an action's name. */
export const synonyms: Readonly<Record<string, readonly string[]>> = {
  acknowledge: ['ack'],
  create: ['new', 'add'],
  request: ['revise'],
  remove: ['delete'],
  tail: ['show'],
  restart: ['reboot', 'bounce'],
  resume: ['unpause', 'continue'],
};
/** Actions that people mean by a verb that several begin with. */
const usual: Readonly<Record<string, string>> = { approve: 'approve_deliverable' };
const completions: Readonly<Record<string, Completion>> = {
  task: 'task',
  deliverable: 'deliverable',
  alert: 'alert',
  agent: 'agent',
  agent_slug: 'agent',
  gateway: 'gateway',
  source_template: 'template',
};

/** Makes one command of every action of the catalogue. */
export function actionCommands(actions: ActionTable): Command[] {
  const names = Object.keys(actions);
  return Object.entries(actions).map(([name, action], index) => ({
    name,
    group: groupOf[action.target],
    aliases: aliasesOf(name, names),
    title: action.title,
    summary: action.summary,
    arguments: argumentsOf(action),
    visibility: { action: name },
    private: action.danger === 'read' && action.role !== 'viewer',
    rank: 100 + index,
    run: (context) => runAction(name, action, context),
  }));
}

function argumentsOf(action: Action): Argument[] {
  const fields = payloadFields(action).filter((field) => !isTargetField(action, field));
  const required = fields.filter((field) => field.isRequired).map(argumentOf);
  const optional = fields.filter((field) => !field.isRequired).map(argumentOf);
  const last = required.at(-1);
  const takesRest = last?.kind === 'text' && last.completion === null && last.unit === undefined;
  return [
    ...(takesRest && last !== undefined ? [...required.slice(0, -1), { ...last, rest: true }] : required),
    ...targetOf(action),
    ...optional,
  ];
}

function targetOf(action: Action): Argument[] {
  // Not required: a tenant may have one gateway, and a channel may have a gateway or an agent of its own.
  if (action.target === 'gateway') return [target('gateway', 'Which gateway, where there are several')];
  if (action.target === 'agent') return [target('agent', 'Which agent, by its slug')];
  return [];
}

function target(name: 'gateway' | 'agent', summary: string): Argument {
  return { name, summary, kind: 'text', required: false, completion: name, maxLength: 100, isTarget: true };
}

function argumentOf(field: PayloadField): Argument {
  const isChoice = field.choices.length > 0 && field.choices.length <= 25;
  return {
    name: field.name,
    label: field.label,
    summary: field.description === '' ? field.label : field.description,
    kind: isChoice ? 'choice' : kindOf(field.type),
    required: field.isRequired,
    completion: completions[field.name] ?? null,
    ...(isChoice && {
      choices: field.choices.map((value) => ({ label: value.replaceAll('_', ' '), value })),
    }),
    ...(field.min !== null && { min: field.min }),
    ...(field.max !== null && { max: field.max }),
    ...(field.maxLength !== null && { maxLength: field.maxLength }),
    ...((field.maxLength ?? 0) > 1000 && { long: true }),
    ...unitOf(field.name),
  };
}

function unitOf(name: string): Pick<Argument, 'unit'> {
  if (name.endsWith('_usd')) return { unit: 'usd' };
  return name.endsWith('minutes') ? { unit: 'minutes' } : {};
}

function kindOf(type: string): Argument['kind'] {
  if (type === 'integer' || type === 'number' || type === 'boolean') return type;
  return 'text';
}

/**
 * Besides its name: the noun before the verb (`task create`), what it is about (`task status`), the verb alone where no other action begins with it or where
 * it is the usual one, or the one about a gateway or an agent, and what people say for the verb.
 */
function aliasesOf(name: string, names: readonly string[]): string[] {
  const [verb = '', ...rest] = name.split('_');
  const noun = rest.at(-1) ?? '';
  const verbs = [verb, ...(synonyms[verb] ?? [])];
  const nounFirst = noun === '' ? [] : verbs.flatMap((word) => [`${noun} ${word}`, `${noun}s ${word}`]);
  const withoutVerb = rest.length < 2 ? [] : [rest.join(' ')];
  const verbFirst = rest.length === 0 ? [] : verbs.map((word) => `${word} ${rest.join(' ')}`);
  const beginnings = name
    .split('_')
    .map((_word, at, words) => words.slice(0, at + 1).join(' '))
    .slice(1, -1)
    .filter((begun) => names.filter((other) => other.replaceAll('_', ' ').startsWith(begun)).length === 1);
  return [
    ...new Set([
      ...verbFirst,
      ...nounFirst,
      ...withoutVerb,
      ...beginnings,
      ...(ownsVerb(name, verb, names) ? verbs : []),
    ]),
  ].filter((alias) => alias !== name.replaceAll('_', ' '));
}

function ownsVerb(name: string, verb: string, names: readonly string[]): boolean {
  const others = names.filter((other) => other.split('_')[0] === verb);
  return (
    others.length === 1 ||
    usual[verb] === name ||
    (name === `${verb}_gateway` && !others.includes(`${verb}_agent`))
  );
}

/** Verbs for gateways and for agents; the named target tells which one. */
export function sharedVerbs(actions: ActionTable): string[] {
  return Object.keys(actions).flatMap((name) => {
    const verb = /^([a-z]+)_gateway$/.exec(name)?.[1];
    return verb !== undefined && Object.hasOwn(actions, `${verb}_agent`) ? [verb] : [];
  });
}

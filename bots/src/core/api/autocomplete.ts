import { HqError } from '@hq/shared/errors';
import type { CommandStatus } from '@hq/shared/rows';
import { z } from 'zod';
import type { Completion } from '../../contract/command.ts';
import type { Choice } from '../../contract/inbound.ts';
import { type ActionTable, actionOf } from '../action-table.ts';
import type { ChatHq, Said, Whoami } from './chat-api.ts';

/** What may stand in an argument, as who asks may see it. */
export interface Names {
  /** Who somebody is, as the database said a moment ago: for what is shown, never for what is done. */
  who(said: Said): Promise<Whoami>;
  /** As `hq.may`, for every key that somebody types: the database is asked, and writes it down, once in a while. */
  may(said: Said, purpose: string | null): Promise<void>;
  /** Those that begin with or hold what was typed, the best first, at most 25. */
  find(said: Said, completion: Completion, typed: string): Promise<readonly Choice[]>;
}

const named = z.looseObject({
  id: z.string().optional(),
  slug: z.string().optional(),
  name: z.string().nullish(),
  label: z.string().nullish(),
  title: z.string().nullish(),
  action: z.string().optional(),
  status: z.string().nullish(),
});

const readOf: Partial<Record<Completion, string>> = {
  gateway: 'gateways',
  agent: 'agents',
  command: 'commands',
  unfinished: 'commands',
  task: 'tasks',
  deliverable: 'deliverables',
  alert: 'alerts',
  template: 'templates',
};
const unfinished: ReadonlySet<string> = new Set<CommandStatus>(['pending', 'leased', 'running']);
const keptForMs = 5_000;
/** Who types on after a refusal is not written down for every key. */
const refusalKeptForMs = 15_000;
const mostKept = 2_000;
const mostChoices = 25;

export function createNames(
  hq: Pick<ChatHq, 'may' | 'read' | 'whoami'>,
  actions: ActionTable,
  topics: (who: Whoami) => readonly string[],
): Names {
  const choices = new Map<string, Kept<readonly Choice[]>>();
  const people = new Map<string, Kept<Whoami>>();
  const allowed = new Map<string, Kept<void>>();

  const who = (said: Said): Promise<Whoami> => keep(people, keyOf(said), () => hq.whoami(said));
  const all = (said: Said, completion: Completion): Promise<readonly Choice[]> =>
    keep(choices, `${keyOf(said)}${completion}`, () => load(said, completion));

  async function load(said: Said, completion: Completion): Promise<readonly Choice[]> {
    if (completion === 'topic') return topics(await who(said)).map((value) => ({ label: value, value }));
    if (completion === 'action') {
      const { actions: names } = await who(said);
      return names.flatMap((value) => {
        const action = actionOf(actions, value);
        return action === undefined ? [] : [{ label: `${value}: ${action.title}`, value }];
      });
    }
    const what = readOf[completion];
    if (what === undefined) return [];
    const rows = await hq.read(said, what, { limit: 100 }, named);
    const wanted =
      completion === 'unfinished' ? rows.filter(({ status }) => unfinished.has(status ?? '')) : rows;
    return wanted.flatMap((row) => choiceOf(row) ?? []);
  }

  return {
    who,
    may: (said, purpose) => keep(allowed, `${keyOf(said)}${purpose ?? ''}`, () => hq.may(said, purpose)),
    async find(said, completion, typed) {
      const wanted = typed.toLowerCase();
      const possible = await all(said, completion);
      const rank = ({ label, value }: Choice): number => {
        if (value.toLowerCase() === wanted) return 0;
        if (value.toLowerCase().startsWith(wanted)) return 1;
        return label.toLowerCase().includes(wanted) ? 2 : 3;
      };
      return possible
        .map((choice) => ({ choice, rank: rank(choice) }))
        .filter((one) => one.rank < 3)
        .sort((a, b) => a.rank - b.rank)
        .slice(0, mostChoices)
        .map(({ choice }) => choice);
    },
  };
}

interface Kept<Value> {
  until: number;
  readonly value: Promise<Value>;
}

function keep<Value>(
  kept: Map<string, Kept<Value>>,
  key: string,
  load: () => Promise<Value>,
): Promise<Value> {
  const before = kept.get(key);
  if (before !== undefined && Date.now() < before.until) return before.value;
  const value = load();
  const one = { until: Date.now() + keptForMs, value };
  kept.delete(key);
  kept.set(key, one);
  value.catch((error: unknown) => {
    const isRefusal = error instanceof HqError && error.code === 'refused';
    // Any other failure is not kept: the next one asks again.
    one.until = isRefusal ? Date.now() + refusalKeptForMs : 0;
  });
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
  return value;
}

function keyOf({ speaker: { platform, install, channel, user } }: Said): string {
  return JSON.stringify([platform, install, channel, user]);
}

function choiceOf(row: z.output<typeof named>): Choice | null {
  if (row.slug !== undefined) {
    const other = row.name ?? row.label ?? '';
    return {
      value: row.slug,
      label: other === '' || other === row.slug ? row.slug : `${row.slug} (${other})`,
    };
  }
  if (row.id === undefined) return null;
  const told = row.title ?? row.action ?? '';
  return { value: row.id, label: `${row.id.slice(0, 8)} ${told}`.trim() };
}

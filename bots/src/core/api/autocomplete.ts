import { HqError } from '@hq/shared/errors';
import type { CommandStatus } from '@hq/shared/rows';
import { z } from 'zod';
import type { Completion } from '../../contract/command.ts';
import type { Choice } from '../../contract/inbound.ts';
import { type ActionTable, findAction } from '../action-table.ts';
import type { ChatApi, Delivery, Whoami } from './chat-api.ts';

/** What may stand in an argument, as who asks may see it. */
export interface Autocomplete {
  /** Who somebody is, as the database said a moment ago: for what is shown, never for what is done. */
  whoami(delivery: Delivery): Promise<Whoami>;
  /** As `hq.may`, for every key that somebody types: the database is asked, and writes it down, once in a while. */
  may(delivery: Delivery, purpose: string | null): Promise<void>;
  /** Those that begin with or hold what was typed, the best first, at most 25. */
  find(delivery: Delivery, completion: Completion, typed: string): Promise<readonly Choice[]>;
}

const namedRow = z.looseObject({
  id: z.string().optional(),
  slug: z.string().optional(),
  name: z.string().nullish(),
  label: z.string().nullish(),
  title: z.string().nullish(),
  action: z.string().optional(),
  status: z.string().nullish(),
});

const sourceOf: Partial<Record<Completion, string>> = {
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
const cacheMs = 5_000;
/** Who types on after a refusal is not written down for every key. */
const refusalCacheMs = 15_000;
const maxCached = 2_000;
const maxChoices = 25;

export function createAutocomplete(
  api: Pick<ChatApi, 'may' | 'read' | 'whoami'>,
  actions: ActionTable,
  topics: (whoami: Whoami) => readonly string[],
): Autocomplete {
  const choices = new Map<string, Cached<readonly Choice[]>>();
  const people = new Map<string, Cached<Whoami>>();
  const allowed = new Map<string, Cached<void>>();

  const whoami = (delivery: Delivery): Promise<Whoami> =>
    cached(people, keyOf(delivery), () => api.whoami(delivery));
  const loadCached = (delivery: Delivery, completion: Completion): Promise<readonly Choice[]> =>
    cached(choices, `${keyOf(delivery)}${completion}`, () => load(delivery, completion));

  async function load(delivery: Delivery, completion: Completion): Promise<readonly Choice[]> {
    if (completion === 'topic')
      return topics(await whoami(delivery)).map((value) => ({ label: value, value }));
    if (completion === 'action') {
      const { actions: names } = await whoami(delivery);
      return names.flatMap((value) => {
        const action = findAction(actions, value);
        return action === undefined ? [] : [{ label: `${value}: ${action.title}`, value }];
      });
    }
    const what = sourceOf[completion];
    if (what === undefined) return [];
    const rows = await api.read(delivery, what, { limit: 100 }, namedRow);
    const wanted =
      completion === 'unfinished' ? rows.filter(({ status }) => unfinished.has(status ?? '')) : rows;
    return wanted.flatMap((row) => choiceOf(row) ?? []);
  }

  return {
    whoami,
    may: (delivery, purpose) =>
      cached(allowed, `${keyOf(delivery)}${purpose ?? ''}`, () => api.may(delivery, purpose)),
    async find(delivery, completion, typed) {
      const wanted = typed.toLowerCase();
      const possible = await loadCached(delivery, completion);
      const rank = ({ label, value }: Choice): number => {
        if (value.toLowerCase() === wanted) return 0;
        if (value.toLowerCase().startsWith(wanted)) return 1;
        return label.toLowerCase().includes(wanted) ? 2 : 3;
      };
      return possible
        .map((choice) => ({ choice, rank: rank(choice) }))
        .filter((one) => one.rank < 3)
        .sort((a, b) => a.rank - b.rank)
        .slice(0, maxChoices)
        .map(({ choice }) => choice);
    },
  };
}

interface Cached<Value> {
  until: number;
  readonly value: Promise<Value>;
}

function cached<Value>(
  cache: Map<string, Cached<Value>>,
  key: string,
  load: () => Promise<Value>,
): Promise<Value> {
  const before = cache.get(key);
  if (before !== undefined && Date.now() < before.until) return before.value;
  const value = load();
  const one = { until: Date.now() + cacheMs, value };
  cache.delete(key);
  cache.set(key, one);
  value.catch((error: unknown) => {
    const isRefusal = error instanceof HqError && error.code === 'refused';
    // Any other failure is not kept: the next one asks again.
    one.until = isRefusal ? Date.now() + refusalCacheMs : 0;
  });
  const [oldest] = cache.keys();
  if (cache.size > maxCached && oldest !== undefined) cache.delete(oldest);
  return value;
}

function keyOf({ sender: { platform, install, channel, user } }: Delivery): string {
  return JSON.stringify([platform, install, channel, user]);
}

function choiceOf(row: z.output<typeof namedRow>): Choice | null {
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

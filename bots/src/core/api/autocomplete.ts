import { HqError } from '@hq/shared/errors';
import type { CommandStatus } from '@hq/shared/rows';
import { z } from 'zod';
import type { Choice } from '../../contract/choice.ts';
import type { Completion } from '../../contract/command.ts';
import { type ActionTable, findAction } from '../action-table.ts';
import { createCache } from './cached.ts';
import type { ChatApi, Delivery, Whoami } from './chat-api.ts';

const namedRow = z.looseObject({
  id: z.string().optional(),
  slug: z.string().optional(),
  name: z.string().nullish(),
  label: z.string().nullish(),
  title: z.string().nullish(),
  action: z.string().optional(),
  status: z.string().nullish(),
});

const readNames: Partial<Record<Completion, string>> = {
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
/** Whoever types on after a refusal is not audited for every key. */
const refusalCacheMs = 15_000;
const maxChoices = 25;

export type Autocomplete = ReturnType<typeof createAutocomplete>;

/** Names that the sender may see, from answers of the last few seconds. */
export function createAutocomplete(
  api: Pick<ChatApi, 'may' | 'read' | 'refuse' | 'whoami'>,
  actions: ActionTable,
  topics: (whoami: Whoami) => readonly string[],
) {
  const failureTtl = (error: unknown): number =>
    error instanceof HqError && error.code === 'refused' ? refusalCacheMs : 0;
  const choices = createCache<readonly Choice[]>(cacheMs, failureTtl);
  const people = createCache<Whoami>(cacheMs, failureTtl);
  const permissions = createCache<undefined>(cacheMs, failureTtl);

  const whoami = (delivery: Delivery): Promise<Whoami> =>
    people(keyOf(delivery), () => api.whoami(delivery, {}));

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
    const what = readNames[completion];
    if (what === undefined) return [];
    const rows = await api.read(delivery, what, { limit: 100 }, namedRow);
    const wanted =
      completion === 'unfinished' ? rows.filter(({ status }) => unfinished.has(status ?? '')) : rows;
    return wanted.flatMap((row) => choiceOf(row) ?? []);
  }

  return {
    /** The sender as the database knew them a moment ago: for display, never for decisions. */
    whoami,
    /** As `ChatApi.may`, for each key that a person types: the database is asked and audits once in a while. */
    may: (delivery: Delivery, args: Parameters<ChatApi['may']>[1]): Promise<undefined> =>
      permissions(`${keyOf(delivery)}${args.p_for ?? ''}`, () =>
        delivery.sender.stranger === undefined ? api.may(delivery, args) : api.refuse(delivery, {}),
      ),
    /** At most 25 choices that begin with or contain what was typed, the best first. */
    async find(delivery: Delivery, completion: Completion, typed: string): Promise<readonly Choice[]> {
      const all = await choices(`${keyOf(delivery)}${completion}`, () => load(delivery, completion));
      return rank(all, typed.toLowerCase());
    },
  };
}

/** Equal values first, then those that begin with what was typed, then labels that contain it. */
function rank(all: readonly Choice[], typed: string): readonly Choice[] {
  const distance = ({ label, value }: Choice): number => {
    if (value.toLowerCase() === typed) return 0;
    if (value.toLowerCase().startsWith(typed)) return 1;
    return label.toLowerCase().includes(typed) ? 2 : 3;
  };
  return all
    .map((choice) => ({ choice, distance: distance(choice) }))
    .filter((one) => one.distance < 3)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, maxChoices)
    .map(({ choice }) => choice);
}

function keyOf({ sender: { platform, install, channel, user, stranger } }: Delivery): string {
  return JSON.stringify([platform, install, channel, user, stranger]);
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
  return { value: row.id, label: `${row.id.slice(0, 8)} ${row.title ?? row.action ?? ''}`.trim() };
}

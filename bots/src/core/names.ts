import { z } from 'zod';
import { type ActionTable, actionOf } from './action-table.ts';
import type { ChatHq, Said } from './chat-hq.ts';
import type { Completion } from './command.ts';
import type { Choice } from './inbound.ts';

/** What may stand in an argument, as who asks may see it. */
export interface Names {
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
  task: 'tasks',
  deliverable: 'deliverables',
  alert: 'alerts',
  template: 'templates',
};
const keptForMs = 5_000;
const mostKept = 2_000;
const mostChoices = 25;

export function createNames(
  hq: Pick<ChatHq, 'read' | 'whoami'>,
  actions: ActionTable,
  topics: () => readonly string[],
): Names {
  const kept = new Map<string, { at: number; choices: Promise<readonly Choice[]> }>();

  function all(said: Said, completion: Completion): Promise<readonly Choice[]> {
    const { platform, install, channel, user } = said.speaker;
    const key = JSON.stringify([platform, install, channel, user, completion]);
    const before = kept.get(key);
    if (before !== undefined && Date.now() - before.at < keptForMs) return before.choices;
    const choices = load(said, completion);
    kept.set(key, { at: Date.now(), choices });
    // A failure is not kept: the next one asks again.
    choices.catch(() => kept.delete(key));
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return choices;
  }

  async function load(said: Said, completion: Completion): Promise<readonly Choice[]> {
    if (completion === 'topic') return topics().map((value) => ({ label: value, value }));
    if (completion === 'action') {
      const { actions: allowed } = await hq.whoami(said);
      return allowed.flatMap((value) => {
        const action = actionOf(actions, value);
        return action === undefined ? [] : [{ label: `${value}: ${action.title}`, value }];
      });
    }
    const what = readOf[completion];
    if (what === undefined) return [];
    const rows = await hq.read(said, what, { limit: 100 }, named);
    return rows.flatMap((row) => choiceOf(row) ?? []);
  }

  return {
    async find(said, completion, typed) {
      const wanted = typed.toLowerCase();
      const choices = await all(said, completion);
      const rank = ({ label, value }: Choice): number => {
        if (value.toLowerCase().startsWith(wanted)) return 0;
        return label.toLowerCase().includes(wanted) ? 1 : 2;
      };
      return choices
        .map((choice) => ({ choice, rank: rank(choice) }))
        .filter((one) => one.rank < 2)
        .sort((a, b) => a.rank - b.rank)
        .slice(0, mostChoices)
        .map(({ choice }) => choice);
    },
  };
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

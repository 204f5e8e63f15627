import { z } from 'zod';
import type { AgentRecords } from '../plugin/agent-records.ts';
import type { AgentApi } from '../plugin/hq-api/agent-api.ts';

const released = z.object({ released: z.number() });

/** Result for one agent: how many items it gave back, or why it could not. */
export interface Released {
  readonly slug: string;
  readonly items: number;
  readonly fault: string | null;
}

/** Gives back the inbox items that each agent has taken, with that agent's own credential. */
export function releaseItems(records: AgentRecords, api: AgentApi): Promise<readonly Released[]> {
  const agents = records.ids().flatMap((id) => records.find(id) ?? []);
  return Promise.all(
    agents.map(async ({ slug, token }) => {
      try {
        const answer = await api.call(token, 'release_items', {}, { timeoutMs: 5_000, attempts: 1 });
        return { slug, items: released.parse(answer).released, fault: null };
      } catch (error) {
        // Leases that stay expire by themselves after ten minutes.
        return { slug, items: 0, fault: error instanceof Error ? error.message : String(error) };
      }
    }),
  );
}

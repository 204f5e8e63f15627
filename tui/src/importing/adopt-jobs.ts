import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import type { CronJob } from '../openclaw-home/read-state.ts';
import type { ControlConnection } from './control-connection.ts';
import type { ImportPlan } from './plan.ts';
import type { ImportedAgent, ImportRecord } from './record.ts';

interface JobsContext {
  readonly client: HqClient;
  readonly control: ControlConnection;
  readonly plan: ImportPlan;
  readonly onStep: (step: string) => void;
}

const listed = z.object({ jobs: z.array(z.object({ description: z.string().optional() })) });

/**
 * Stores the cron jobs of imported agents in the gateway's OpenClaw, switched off: HQ runs no cron of OpenClaw. A job is
 * known again by its description, so that a run that was stopped stores none twice. They go with their agent.
 */
export async function adoptJobs(
  { client, control, plan, onStep }: JobsContext,
  record: ImportRecord,
  note: (imported: ImportedAgent) => Promise<void>,
): Promise<void> {
  const present = listed.parse(await control.call('cron.list', { includeDisabled: true }));
  for (const begun of record.agents) {
    let imported = begun;
    for (const { job } of plan.cronJobs.filter(({ slug }) => slug === imported.slug)) {
      if (imported.cronJobs.includes(job.id)) continue;
      const mark = `imported: ${imported.importId} ${job.id}`;
      if (!present.jobs.some(({ description }) => description === mark)) {
        onStep(`${imported.slug}: adopting the job ${job.name}`);
        await control.call('cron.add', jobParams(job, mark, await openClawId(client, imported)));
      }
      imported = { ...imported, cronJobs: [...imported.cronJobs, job.id] };
      await note(imported);
    }
  }
}

function jobParams({ name, schedule, message }: CronJob, description: string, agentId: string): object {
  return {
    ...{ name, description, agentId, enabled: false, schedule },
    ...{ sessionTarget: 'isolated', wakeMode: 'now', payload: { kind: 'agentTurn', message } },
    delivery: { mode: 'none' },
  };
}

async function openClawId(client: HqClient, { slug, agentId }: ImportedAgent): Promise<string> {
  const rows = z.array(z.object({ openclaw_id: z.string().nullable() })).parse(
    await client.askAgain<unknown>(() =>
      client.supabase
        .from('agents')
        .select('openclaw_id')
        .eq('id', agentId ?? ''),
    ),
  );
  const id = rows[0]?.openclaw_id;
  if (typeof id === 'string') return id;
  throw new HqError('conflict', `The agent ${slug} is not on its gateway yet.`, {
    hint: 'Run the import again.',
  });
}

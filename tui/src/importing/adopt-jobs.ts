import type { HqClient } from '@hq/shared/client';
import type { CronJob } from '../openclaw-home/read-state.ts';
import type { ImportPlan } from './plan.ts';
import type { ImportedAgent, ImportRecord } from './record.ts';
import { routineOfJob } from './routine-of-job.ts';

interface JobsContext {
  readonly client: HqClient;
  readonly plan: ImportPlan;
  readonly onStep: (step: string) => void;
}

/**
 * Creates a routine for each cron job of the imported agents. It is paused where the job is off, or where an OpenClaw still
 * runs that job. A routine goes with its agent.
 */
export async function adoptJobs(
  context: JobsContext,
  record: ImportRecord,
  note: (imported: ImportedAgent) => Promise<void>,
): Promise<void> {
  for (const begun of record.agents) {
    let imported = begun;
    for (const { job } of context.plan.cronJobs.filter(({ slug }) => slug === imported.slug)) {
      if (imported.cronJobs.includes(job.id)) continue;
      if (!(await adoptJob(context, imported, job))) continue;
      imported = { ...imported, cronJobs: [...imported.cronJobs, job.id] };
      await note(imported);
    }
  }
}

/** Returns false for a job that stays. Repeated calls create no second routine. */
async function adoptJob(
  { client, plan, onStep }: JobsContext,
  { slug, importId }: ImportedAgent,
  job: CronJob,
): Promise<boolean> {
  const routine = routineOfJob(job, slug);
  if ('reason' in routine) return false;
  onStep(`${slug}: adopting the job ${job.name}`);
  const key = `import:${importId}:${job.id}`;
  const { payload } = routine;
  await client.enqueue({ action: 'create_routine', payload, idempotencyKey: key, origin: 'cli' });
  if (job.enabled && plan.home.state.running === null) return true;
  onStep(`${slug}: pausing the routine ${job.name}`);
  const named = { routine: payload.name };
  await client.enqueue({
    action: 'pause_routine',
    payload: named,
    idempotencyKey: `${key}:pause`,
    origin: 'cli',
  });
  return true;
}

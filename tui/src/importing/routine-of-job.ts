import { catalogue } from '@hq/shared/actions';
import type { CronJob } from '../openclaw-home/read-state.ts';

/** Payload of `create_routine`, or the reason why the job stays. */
export type RoutineOfJob = { readonly payload: Record<string, unknown> } | { readonly reason: string };

/** Returns the routine that does in HQ what a cron job does in OpenClaw. */
export function routineOfJob({ name, schedule, message }: CronJob, agent: string): RoutineOfJob {
  const times = timesOf(schedule);
  if ('reason' in times) return times;
  const payload = { name: `${name} (${agent})`, agent, instructions: message, ...times };
  const [issue] = catalogue.create_routine.payload.safeParse(payload).error?.issues ?? [];
  if (issue === undefined) return { payload };
  return { reason: `its ${issue.path.join('.')} cannot be used: ${issue.message}` };
}

type Times = { readonly schedule: string; readonly time_zone: string } | { readonly reason: string };

function timesOf(schedule: CronJob['schedule']): Times {
  // OpenClaw takes the zone of its host where a job names none.
  const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (schedule.kind === 'at') return { reason: 'it runs once: create a task with a date instead' };
  if (schedule.kind === 'cron') {
    const isFivePart = schedule.expr.trim().split(/\s+/).length === 5;
    if (isFivePart) return { schedule: schedule.expr.trim(), time_zone: schedule.tz || ownZone };
    return { reason: `a routine has no seconds or years: ${schedule.expr}` };
  }
  const expression = expressionOf(schedule.everyMs / 60_000);
  if (expression !== null) return { schedule: expression, time_zone: ownZone };
  return { reason: `a routine does not run every ${Math.round(schedule.everyMs / 1000)} s` };
}

/** Returns the schedule of an interval that parts an hour or a day evenly; null for any other. */
function expressionOf(minutes: number): string | null {
  if (Number.isInteger(minutes) && minutes >= 1 && minutes < 60 && 60 % minutes === 0)
    return `*/${minutes} * * * *`;
  const hours = minutes / 60;
  if (Number.isInteger(hours) && hours >= 1 && hours < 24 && 24 % hours === 0) return `0 */${hours} * * *`;
  return hours === 24 ? '0 0 * * *' : null;
}

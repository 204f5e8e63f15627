import { PassThrough } from 'node:stream';
import { HqError } from '@hq/shared/errors';
import { sleep } from '@hq/shared/program';
import { readAgents, readGateways } from '@hq/shared/queries';
import { connectMember } from '../tui/src/cli/connection/connect-member.ts';
import { openConsole } from '../tui/src/cli/output/console.ts';
import { carryOut } from '../tui/src/importing/carry-out.ts';
import { findControl } from '../tui/src/importing/find-control.ts';
import { planImport } from '../tui/src/importing/plan.ts';
import { readRecord, recordPath, writeRecord } from '../tui/src/importing/record.ts';
import { findPresent, undoImport } from '../tui/src/importing/undo.ts';
import { makeManifest } from '../tui/src/openclaw-home/manifest.ts';
import { readHome } from '../tui/src/openclaw-home/read-home.ts';

/** Thrown at a step, as if the program was killed there. */
class Stopped extends Error {}

type OnStep = (step: string) => void;

/** Runs that may find the gateway restarting. */
const mostUnreachable = 60;

/** Runs `work` again and again, and stops it once at each of its steps. Returns the steps. */
export async function stoppedAtEachStep(work: (onStep: OnStep) => Promise<void>): Promise<readonly string[]> {
  const seen = new Set<string>();
  let unreachable = 0;
  for (;;) {
    try {
      await work((step) => {
        if (seen.has(step)) return;
        seen.add(step);
        throw new Stopped(step);
      });
      return [...seen];
    } catch (error) {
      if (error instanceof HqError && error.code === 'unreachable' && unreachable < mostUnreachable) {
        // OpenClaw restarts after a removal now and then; whoever imports runs it again.
        unreachable += 1;
        await sleep(2_000);
      } else if (!(error instanceof Stopped)) throw error;
    }
  }
}

async function open(env: Record<string, string>, home: string) {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  streams.stdout.resume();
  streams.stderr.resume();
  const console = openConsole({ env: { LANG: 'C.UTF-8', ...env }, ...streams });
  const { client } = await connectMember(console.env);
  const [gateway] = await readGateways(client);
  if (gateway === undefined) throw new Error('there is no gateway');
  const path = recordPath(console.env, client.url, gateway.id, home);
  const control = () => findControl(console.env, client.url, {});
  return { console, client, gateway, path, control };
}

/** Imports a home as `hq-tui gateways import --yes --cron` does, without a process of its own. */
export async function importOnce(env: Record<string, string>, given: string, onStep: OnStep): Promise<void> {
  const home = await readHome(given);
  const { console, client, gateway, path, control } = await open(env, home.path);
  try {
    const record = await readRecord(path);
    const rows = await readAgents(client);
    const renames = new Map<string, string>();
    const plan = planImport({ home, gateway, rows, record, renames, isWithoutChannels: false });
    const createdAt = new Date().toISOString();
    const roots = [home.path];
    const manifest = record?.manifest ?? (await makeManifest(roots));
    const begun = record ?? {
      home: home.path,
      gatewayId: gateway.id,
      createdAt,
      roots,
      manifest,
      agents: [],
    };
    await writeRecord(path, begun);
    const job = { console, client, plan, recordPath: path, withCron: true, onStep };
    await carryOut({ ...job, control: await control() }, begun);
  } finally {
    await client.close();
  }
}

export async function unimportOnce(env: Record<string, string>, home: string, onStep: OnStep): Promise<void> {
  const { console, client, path, control } = await open(env, home);
  try {
    const record = await readRecord(path);
    if (record === null) throw new Error('there is no record');
    const present = await findPresent(client, record);
    await undoImport({ console, client, control, recordPath: path, onStep }, record, present);
  } finally {
    await client.close();
  }
}

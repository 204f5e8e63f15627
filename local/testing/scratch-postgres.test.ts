import { spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { expect, test } from 'vitest';
import { freshProject, startScratchPostgres } from './scratch-postgres.ts';

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

test('a cluster of a killed process is removed by the next one', async () => {
  const module = JSON.stringify(join(import.meta.dirname, 'scratch-postgres.ts'));
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { startScratchPostgres, freshProject } = await import(${module});
      console.log((await startScratchPostgres()).urlFor(freshProject));`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const url = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout }).once('line', resolve),
  );
  expect(await answers(url)).toBe(true);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  const file = globSync(join(tmpdir(), 'hq-scratch-*/starter.pid')).find(
    (path) => readFileSync(path, 'utf8') === String(child.pid),
  );
  expect(file).toBeDefined();

  const next = await startScratchPostgres();
  try {
    expect(existsSync(dirname(file ?? ''))).toBe(false);
    expect(await answers(url)).toBe(false);
    expect(await answers(next.urlFor(freshProject))).toBe(true);
  } finally {
    await next.stop();
  }
});

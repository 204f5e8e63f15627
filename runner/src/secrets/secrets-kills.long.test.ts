import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { SecretFiles } from './secret-files.ts';

const program = fileURLToPath(new URL('../testing/writer-program.ts', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'hq-kills-'));
const path = join(directory, 'secrets');
const kills = 60;

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const leftovers = () =>
  readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tmp'));

/** Kills a writer at the moment at which the n-th temporary file of its life is there and not yet renamed. */
async function killWhileWriting(nth: number): Promise<void> {
  const child = spawn(process.execPath, [program, path, 'a', 'b'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  let seen = 0;
  const watchers = [path, join(path, 'agents')].map((place) =>
    watch(place, (_event, name) => {
      if (name?.endsWith('.tmp') !== true) return;
      seen += 1;
      if (seen >= nth) child.kill('SIGKILL');
    }),
  );
  await exited;
  for (const watcher of watchers) watcher.close();
}

describe('a runner killed between the temporary file and its rename', () => {
  it(`leaves whole files each of ${kills} times, and the next one removes its temporary files`, async () => {
    let began = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      await killWhileWriting(1 + (kill % 9));
      began += leftovers().length;
      for (const name of ['gateway.env', join('agents', 'maya.env')]) {
        const text = readFileSync(join(path, name), 'utf8');
        expect(['a'.repeat(100_000), 'b'.repeat(100_000)].includes(text), `${name} is mixed`).toBe(true);
      }
    }
    // It did hit the moment, more than once.
    expect(began).toBeGreaterThan(1);
    await SecretFiles.open(path, (files) => files.removeLeftovers());
    expect(leftovers()).toEqual([]);
  }, 300_000);
});

#!/usr/bin/env node
// Works on any Node from 20 on: tells the version by itself, and hands everything else to the pinned Node.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const room = dirname(dirname(fileURLToPath(import.meta.url)));
const house = dirname(room);
const bundle = join(room, 'dist', 'hq-bots.js');
const args = process.argv.slice(2);

// Bots run for months and do little. Node spends memory on speed that nobody would feel here: with these, its four threads take
// 108 MB in place of 144.
const frugal = [
  // Code is compiled no sooner than it is called, forgotten where it is not called any more, and made fast where there is work.
  '--max-lazy',
  '--no-sparkplug',
  '--no-maglev',
  '--invocation-count-for-turbofan=50000',
  '--bytecode-old-age=1',
  '--optimize-for-size',
  // What is new is looked through a megabyte at a time, by one thread.
  '--max-semi-space-size=1',
  '--v8-pool-size=1',
  // Garbage is cleared away when there is nothing else to do (bots/src/runtime/collect-when-idle.ts), and is not looked for besides.
  '--no-memory-reducer',
  // Made from a snapshot, each thread would have pages of its own of all that Node is, used or not.
  '--no-node-snapshot',
];
// One arena, out of which what is free goes back to the system; what is larger than a few pages is never in it.
const allocator = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '32768',
  MALLOC_MMAP_THRESHOLD_: '16384',
};

if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { version } = JSON.parse(readFileSync(join(room, 'package.json'), 'utf8'));
  process.stdout.write(`${version}\n`);
} else if (Number(process.versions.node.split('.')[0]) < 24 || !existsSync(bundle)) {
  await handOver();
} else if (args.length === 0 && process.platform !== 'win32' && !isFrugal()) {
  // The same process, from the beginning: however it was started, it is told this.
  process.execve(
    process.execPath,
    [process.execPath, ...process.execArgv, ...frugal, fileURLToPath(import.meta.url)],
    { ...process.env, ...allocator },
  );
} else {
  await import(pathToFileURL(bundle).href);
}

function isFrugal() {
  return frugal.every((flag) => process.execArgv.includes(flag));
}

async function handOver() {
  const withNode = join(house, 'scripts', 'with-node.mjs');
  if (!existsSync(bundle)) {
    const { spawnSync } = await import('node:child_process');
    process.stderr.write('Building hq-bots (once)\n');
    const built = spawnSync(process.execPath, [withNode, 'scripts/build.ts'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (built.status !== 0) process.exit(1);
  }
  process.argv.splice(2, 0, 'bots/bin/hq-bots.mjs');
  await import(pathToFileURL(withNode).href);
}

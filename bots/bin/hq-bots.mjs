#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=32768 node --v8-pool-size=1 --max-semi-space-size=1 --optimize-for-size --max-lazy --no-sparkplug --no-maglev --bytecode-old-age=1
// Works on any Node from 20 on: tells the version by itself, and hands everything else to the pinned Node. Bots run for months and do
// little: what the first line says spares 50 MB of the four threads, for work that is not felt.
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const room = dirname(dirname(fileURLToPath(import.meta.url)));
const house = dirname(room);
const bundle = join(room, 'dist', 'hq-bots.js');
const args = process.argv.slice(2);

if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { version } = JSON.parse(readFileSync(join(room, 'package.json'), 'utf8'));
  process.stdout.write(`${version}\n`);
} else if (Number(process.versions.node.split('.')[0]) >= 24 && existsSync(bundle)) {
  // Compiling is much of the start: what it gives is kept beside the bundle, where that may be written.
  module.enableCompileCache(join(room, 'dist', 'compiled'));
  await import(pathToFileURL(bundle).href);
} else {
  await handOver();
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
  process.argv.splice(2, 0, 'bots/dist/hq-bots.js');
  await import(pathToFileURL(withNode).href);
}

#!/usr/bin/env node
// Prints the version on any Node from 20 on, and runs everything else under Node 24.
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const bundleFolder = join(packageFolder, 'dist');
const args = process.argv.slice(2);

// Trades speed for memory, since bots run for months and do little: four threads take 108 MB instead of 144.
const frugal = [
  // Compiles functions at their first call, drops unused code, and optimizes only hot functions.
  '--max-lazy',
  '--no-sparkplug',
  '--no-maglev',
  '--invocation-count-for-turbofan=50000',
  '--bytecode-old-age=1',
  '--optimize-for-size',
  // Collects young objects at each megabyte, with one thread.
  '--max-semi-space-size=1',
  '--v8-pool-size=1',
  // Leaves garbage collection to idle times (bots/src/runtime/collect-when-idle.ts).
  '--no-memory-reducer',
  // A snapshot would give each thread its own pages of all of Node, used or not.
  '--no-node-snapshot',
];
// Uses one arena that returns free memory to the system, and separate mappings for blocks of several pages.
const allocator = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '32768',
  MALLOC_MMAP_THRESHOLD_: '16384',
};

if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  process.stdout.write(`${version}\n`);
} else if (await isReady()) {
  if (args.length === 0 && process.platform !== 'win32' && !isFrugal()) {
    // Replaces this process by one with these flags, however it was started.
    process.execve(
      process.execPath,
      [process.execPath, ...process.execArgv, ...frugal, fileURLToPath(import.meta.url)],
      { ...process.env, ...allocator },
    );
  }
  await import(pathToFileURL(join(bundleFolder, 'hq-bots.js')).href);
}

function isFrugal() {
  return frugal.every((flag) => process.execArgv.includes(flag));
}

/** In a checkout, rebuilds a stale bundle; a bundle without sources runs as it is. */
function isReady() {
  if (!existsSync(join(packageFolder, 'src'))) return true;
  const { prepareBundle } = module.createRequire(import.meta.url)('../../scripts/bundle.cjs');
  return prepareBundle('hq-bots', bundleFolder, 'bots/bin/hq-bots.mjs');
}

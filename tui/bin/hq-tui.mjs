#!/usr/bin/env -S node --v8-pool-size=1 --max-semi-space-size=2
// Prints the version on any Node from 20 on, and runs everything else under Node 24. Screens run for days: one helper thread
// and a small space for young objects save 20 MB without a noticeable cost.
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const bundleFolder = join(packageFolder, 'dist');
const args = process.argv.slice(2);

if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  process.stdout.on('error', ({ code }) => {
    if (code !== 'EPIPE') process.stderr.write(`hq-tui: Standard output could not be written (${code}).\n`);
    process.exit(code === 'EPIPE' ? 0 : 1);
  });
  process.stdout.write(`${version}\n`);
} else if (await isReady()) {
  if (process.env.npm_lifecycle_event !== undefined) stopWithParent();
  // Compiling is most of the start: the result is kept beside the bundle, if that is writable.
  module.enableCompileCache(join(bundleFolder, 'compiled'));
  await import(pathToFileURL(join(bundleFolder, 'hq-tui.js')).href);
}

/** In a checkout, rebuilds a stale bundle; a bundle without sources runs as it is. */
function isReady() {
  if (!existsSync(join(packageFolder, 'src'))) return true;
  const { prepareBundle } = module.createRequire(import.meta.url)('../../scripts/bundle.cjs');
  return prepareBundle('hq-tui', bundleFolder, 'tui/dist/hq-tui.js');
}

/** Stops when npm's shell dies: npm sends SIGTERM to that shell, and dash does not pass it on. */
function stopWithParent() {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  watch.unref();
}

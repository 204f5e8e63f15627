// Keeps the bundles of a checkout up to date. Works on any Node from 20 on, with nothing installed. CommonJS, and built-in
// modules loaded where they are needed: hq-tui runs this before its first frame, and an ES module takes 4 ms longer.
const { readFileSync, statSync } = require('node:fs');

const root = `${__dirname}/../`;
const withNode = `${__dirname}/with-node.mjs`;

/** Returns true if no input of the bundle in `folder` changed since its build. A bundle without a list of inputs is stale. */
function isFresh(folder) {
  try {
    const inputs = Object.entries(JSON.parse(readFileSync(`${folder}/inputs.json`, 'utf8')));
    return inputs.every(([path, mtimeMs]) => statSync(root + path).mtimeMs === mtimeMs);
  } catch {
    // The list or an input is missing.
    return false;
  }
}

/**
 * Rebuilds a stale bundle. Returns true if this process can import it; otherwise it runs `program` under the pinned Node in
 * a child process, which ends this process with its exit code.
 */
async function prepareBundle(name, folder, program) {
  if (!isFresh(folder)) {
    const { spawnSync } = require('node:child_process');
    process.stderr.write(`Building ${name} ...\n`);
    const { status } = spawnSync(process.execPath, [withNode, 'scripts/build.ts', name], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (status !== 0) {
      process.stderr.write(`${name} could not be built from its sources: see above, or run npm run build.\n`);
      process.exit(1);
    }
  }
  if (Number(process.versions.node.split('.')[0]) >= 24) return true;
  process.argv.splice(2, 0, program);
  const { pathToFileURL } = require('node:url');
  await import(pathToFileURL(withNode).href);
  return false;
}

module.exports = { isFresh, prepareBundle };

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findChromium } from './find-chromium.ts';

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Shows SVG documents side by side in a headless Chromium of its own, each in a shadow root, so that their styles do not
 * mix. Returns what a script returns that runs there with `root(name)`.
 */
export async function evaluateInChromium(
  documents: Readonly<Record<string, string>>,
  script: string,
  more: readonly string[] = [],
): Promise<unknown> {
  const program = findChromium();
  if (program === undefined) throw new Error('Chromium is not in PATH. Install it, or Chrome.');
  const folder = await mkdtemp(join(tmpdir(), 'hq-chromium-'));
  try {
    const page = join(folder, 'page.html');
    await writeFile(page, pageOf(documents, script));
    const profile = `--user-data-dir=${join(folder, 'profile')}`;
    const { stdout } = await promisify(execFile)(
      program,
      [...flags, ...more, profile, '--dump-dom', `file://${page}`],
      { timeout: 80_000, maxBuffer: 64 * 1024 * 1024 },
    );
    const answer = /<pre id="answer">([^<]+)</.exec(stdout)?.[1];
    if (answer === undefined) throw new Error(`The script did not end:\n${stdout.slice(-500)}`);
    return JSON.parse(decodeURIComponent(atob(answer)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function pageOf(documents: Readonly<Record<string, string>>, script: string): string {
  const bodies = Object.entries(documents).map(
    ([name, svg]) => `<div id="${name}"><template shadowrootmode="open">${svg}</template></div>`,
  );
  return `<!doctype html><meta charset="utf-8"><body>${bodies.join('\n')}<pre id="answer"></pre><script>
const root = (name) => document.getElementById(name).shadowRoot;
const answer = (() => {${script}})();
document.getElementById('answer').textContent = btoa(encodeURIComponent(JSON.stringify(answer)));
</script>`;
}

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
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

const resultSchema = z.object({ result: z.string() });

/** Opens a document in a headless Chromium of its own and returns the value of a script that runs in it. */
export async function evaluateInChromium(
  body: string,
  script: string,
  more: readonly string[] = [],
): Promise<unknown> {
  const program = findChromium();
  if (program === undefined) throw new Error('Chromium is not in PATH. Install it, or Chrome.');
  const folder = await mkdtemp(join(tmpdir(), 'hq-chromium-'));
  const page = join(folder, 'page.html');
  const answer = '<pre id="answer"></pre>';
  const run = `document.getElementById('answer').textContent = btoa(encodeURIComponent(JSON.stringify((() => {${script}})())))`;
  try {
    await writeFile(
      page,
      `<!doctype html><meta charset="utf-8"><body>${body}${answer}<script>${run}</script>`,
    );
    const profile = `--user-data-dir=${join(folder, 'profile')}`;
    const { stdout } = await promisify(execFile)(
      program,
      [...flags, ...more, profile, '--dump-dom', `file://${page}`],
      { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 },
    );
    const { result } = resultSchema.parse({ result: /<pre id="answer">([^<]+)</.exec(stdout)?.[1] });
    return JSON.parse(decodeURIComponent(atob(result)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fails for words of the earlier, private vocabulary, and for comments that begin with a question word. See CONTRIBUTING, Style. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Written with a gap, so that this file passes its own check. */
const words = ['de_eds?', 'what_WasMeant', 'way_Back', 'house_Of', 'door_Of'];
const forbidden = new RegExp(`\\b(${words.map((word) => word.replace('_', '')).join('|')})\\b`, 'i');
const question = /^\s*(?:\/\/|\/?\*\*?|--) ?(?:What|Who|Whether|How|Where) [a-z]/;

/** Files that keep the text of an earlier release. */
const isKept = (path: string): boolean => path.startsWith('db/takeover/') || path === 'package-lock.json';
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' });

for (const path of files.split('\n')) {
  if (!/\.(ts|tsx|mjs|cts|sql|sh|md|json|yaml|yml)$/.test(path) || isKept(path)) continue;
  const isCode = /\.(ts|tsx|mjs|sql)$/.test(path);
  for (const [index, line] of readFileSync(join(root, path), 'utf8').split('\n').entries()) {
    const word = forbidden.exec(line)?.[0];
    if (word !== undefined) report(path, index, `"${word}" is not a term of this project`);
    if (isCode && question.test(line)) report(path, index, 'begin the comment with a noun or a verb');
  }
}

function report(path: string, index: number, fault: string): void {
  process.stdout.write(`${path}:${index + 1}: ${fault}\n`);
  process.exitCode = 1;
}

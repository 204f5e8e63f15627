/** `npm run check`: types, lint and format, import rules between packages, dead code, vocabulary, generated files. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string) => join(root, 'node_modules/.bin', name);

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const checks: readonly Check[] = [
  { name: 'types', command: [bin('tsc'), '-p', '.'] },
  {
    name: 'lint, format and import rules',
    command: [bin('biome'), 'ci', '--colors=off', '--error-on-warnings', '.'],
  },
  { name: 'dead code and dependencies', command: [bin('knip')] },
  { name: 'vocabulary', command: [process.execPath, join(root, 'scripts/check-vocabulary.ts')] },
  { name: 'generated files', command: [process.execPath, join(root, 'scripts/generate.ts'), '--check'] },
];

interface Outcome {
  readonly code: number;
  readonly output: string;
  readonly seconds: string;
}

function run({ command }: Check): Promise<Outcome> {
  const [program = '', ...args] = command;
  const startedAt = performance.now();
  // The tools are started through their shebang: the pinned Node comes first in the path.
  const path = `${join(process.execPath, '..')}:${process.env.PATH ?? ''}`;
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: path, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      resolve({ code: code ?? 1, output, seconds });
    });
  });
}

// All run at once; each result is printed in the order of the list.
const outcomes = checks.map((check) => ({ name: check.name, outcome: run(check) }));
for (const { name, outcome } of outcomes) {
  const { code, output, seconds } = await outcome;
  process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)\n`);
  if (code === 0) continue;
  process.stdout.write(output);
  process.exitCode = 1;
}

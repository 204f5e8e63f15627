/** `npm run check`: types, lint and format, import rules between packages, dead code, generated files. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string) => join(root, 'node_modules/.bin', name);

const checks: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'types', command: [bin('tsc'), '-p', '.'] },
  {
    name: 'lint, format and import rules',
    command: [bin('biome'), 'ci', '--colors=off', '--error-on-warnings', '.'],
  },
  { name: 'dead code and dependencies', command: [bin('knip')] },
  { name: 'generated files', command: [process.execPath, join(root, 'scripts/generate.ts'), '--check'] },
];

function run(command: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const [program = '', ...args] = command;
  // The tools are started by name through their shebang: the pinned Node has to come first in the path.
  const path = `${join(process.execPath, '..')}:${process.env.PATH ?? ''}`;
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: path, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    output += String(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

let failed = 0;
for (const { name, command } of checks) {
  const started = performance.now();
  const { code, output } = await run(command);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name} (${seconds} s)\n`);
  if (code !== 0) {
    failed += 1;
    process.stdout.write(output);
  }
}
process.exitCode = failed === 0 ? 0 : 1;

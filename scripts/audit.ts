/**
 * `npm run audit`: known weaknesses of the installed packages, from the registry's advisories. Exit code 1 from severity
 * high upwards. A registry that cannot answer is a warning and not a failure: nothing was audited, and the output says so.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { auditVerdict } from './audit-verdict.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { stdout, error } = spawnSync('npm', ['audit', '--json'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  timeout: 120_000,
});
const { code, lines } = auditVerdict(
  error === undefined ? stdout : JSON.stringify({ message: error.message }),
);
// A line of this form becomes an annotation of the run on GitHub.
const prefix = process.env.GITHUB_ACTIONS === 'true' && code === 'unanswered' ? '::warning::' : '';
for (const line of lines) process.stdout.write(`${prefix}${line}\n`);
process.exitCode = code === 'vulnerable' ? 1 : 0;

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs the docker command line and returns its output. */
export async function docker(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout } = await run('docker', args, { env: { ...process.env, ...env }, maxBuffer: 64 << 20 });
  return stdout.trim();
}

/** A compose project of a test's own, which is gone with its volumes when the test is done. */
export class ComposeProject implements AsyncDisposable {
  readonly name: string;
  readonly #file: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(file: string, env: NodeJS.ProcessEnv = {}) {
    this.name = `hq-test-${randomBytes(4).toString('hex')}`;
    this.#file = file;
    this.#env = env;
  }

  compose(...args: readonly string[]): Promise<string> {
    return docker(['compose', '--file', this.#file, '--project-name', this.name, ...args], this.#env);
  }

  /** The id of the only container of a service. */
  container(service: string): Promise<string> {
    return this.compose('ps', '--all', '--quiet', service);
  }

  async startedAt(service: string): Promise<string> {
    return docker(['inspect', '--format', '{{.State.StartedAt}}', await this.container(service)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose('down', '--volumes', '--timeout', '1', '--remove-orphans');
  }
}

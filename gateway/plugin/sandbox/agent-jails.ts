import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import type { AgentNetworks } from '../network/agent-networks.ts';
import { proxyEnvironment } from '../network/namespace-holder.ts';
import { temporaryDir } from './agent-paths.ts';
import { CommandFiles } from './command-files.ts';
import { CommandWatch } from './command-watch.ts';
import type { HostSupport } from './host-support.ts';
import {
  argumentsFile,
  enterCommand,
  type JailLimits,
  type JailMount,
  jailArguments,
} from './jail-command.ts';
import { accountArguments, systemArguments } from './system-files.ts';

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const home = '/tmp/home';

export interface AgentJailsOptions {
  readonly stateDir: string;
  /** Private directory of this gateway's lifetime. */
  readonly runDir: string;
  readonly support: HostSupport;
  readonly networks: AgentNetworks;
  readonly limits: JailLimits;
  readonly browserLimits: JailLimits;
  readonly diskReserveBytes: number;
  readonly onWarning: (message: string) => void;
}

export interface JailContent {
  readonly mounts: readonly JailMount[];
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** `files`: a step of a file tool, which also frees space on a full disk. */
  readonly kind: 'command' | 'files' | 'browser';
}

/** Prepares the jails of all agents: one for each command, in the agent's namespaces. */
export class AgentJails {
  readonly stateDir: string;
  readonly #options: AgentJailsOptions;
  readonly #commands: CommandFiles;
  readonly #watch: CommandWatch;
  readonly #system: readonly string[];

  constructor(options: AgentJailsOptions) {
    this.stateDir = options.stateDir;
    this.#options = options;
    this.#commands = new CommandFiles(join(options.runDir, 'commands'));
    this.#watch = new CommandWatch({
      directory: options.stateDir,
      reserveBytes: options.diskReserveBytes,
      processes: options.browserLimits.processes,
      commands: this.#commands,
      onKilled: (reason) => options.onWarning(`Ended a command of an agent: ${reason}.`),
    });
    this.#system = [...systemArguments(), ...accountArguments(join(options.runDir, 'etc'))];
  }

  /** Returns the argument list of one command, and the token to give to `ended`. */
  async prepare(
    agent: string,
    { mounts, workdir, environment, kind }: JailContent,
    command: readonly string[],
  ): Promise<{ argv: string[]; token: string }> {
    const { programs, hasProc, canForbidNamespaces, reason } = this.#options.support;
    if (programs === undefined) {
      throw new HqError('refused', `This host has no jails: ${reason}`, {
        hint: '`hq-tui doctor` says what to install or to allow.',
      });
    }
    if (kind === 'files') this.#watch.watch();
    else await this.#watch.admit();
    const namespaces = await this.#options.networks.enter(agent);
    const args = jailArguments(
      {
        name: agent,
        system: this.#system,
        mounts: [
          { hostPath: await this.#temporary(agent, kind), jailPath: '/tmp', readOnly: false },
          ...mounts,
        ],
        workdir,
        environment: { ...environment, ...proxyEnvironment(), PATH: path, HOME: home },
        hasProc,
        allowsNamespaces: kind === 'browser' || !canForbidNamespaces,
      },
      this.#options.limits,
    );
    const token = await this.#commands.write(argumentsFile(args));
    const limits = kind === 'browser' ? this.#options.browserLimits : this.#options.limits;
    return { argv: enterCommand({ programs, namespaces, limits, argumentsPath: token }, command), token };
  }

  async ended(token: unknown): Promise<void> {
    await this.#commands.remove(token);
  }

  close(): void {
    this.#watch.close();
  }

  /** One /tmp for an agent, which lasts until the gateway ends: the next command finds what the last one left. */
  async #temporary(agent: string, kind: JailContent['kind']): Promise<string> {
    const directory = temporaryDir(this.stateDir, kind === 'browser' ? 'browser' : 'commands', agent);
    await mkdir(join(directory, 'home'), { recursive: true, mode: 0o700 });
    return directory;
  }
}

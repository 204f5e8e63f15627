import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import type { AgentJails } from '../sandbox/agent-jails.ts';
import { browserProfileDir } from '../sandbox/agent-paths.ts';
import type { HostSupport } from '../sandbox/host-support.ts';
import { AgentBrowser } from './agent-browser.ts';
import { browserCommand, browserMounts, devToolsSocket } from './browser-command.ts';

export interface AgentBrowsersOptions {
  readonly stateDir: string;
  readonly runDir: string;
  readonly support: HostSupport;
  readonly jails: AgentJails;
  readonly idleMs: number;
}

/** The browsers of all agents. */
export class AgentBrowsers {
  readonly #options: AgentBrowsersOptions;
  readonly #browsers = new Map<string, Promise<AgentBrowser>>();

  constructor(options: AgentBrowsersOptions) {
    this.#options = options;
  }

  /** Returns why an agent has no browser; undefined where it has one. Only agents that HQ manages have one. */
  whyNone(agent: string): string | undefined {
    const { support, stateDir } = this.#options;
    const { browser, reason } = support;
    if (!browser) return `This host gives agents no browser. ${reason ?? ''}`.trim();
    if (existsSync(join(stateDir, 'hq', 'agents', `${agent}.json`))) return undefined;
    return `HQ does not manage agent ${agent}, so it has no browser.`;
  }

  async open(agent: string): Promise<string> {
    const none = this.whyNone(agent);
    if (none !== undefined) {
      throw new HqError('refused', none, { hint: '`hq-tui doctor` says what this host lacks.' });
    }
    let browser = this.#browsers.get(agent);
    if (browser === undefined) {
      browser = this.#create(agent);
      this.#browsers.set(agent, browser);
      browser.catch(() => this.#browsers.delete(agent));
    }
    return await (await browser).open();
  }

  /** Returns the DevTools of a browser that runs: OpenClaw also asks for those that nobody uses. */
  async running(agent: string): Promise<string | undefined> {
    return (await this.#browsers.get(agent))?.devTools;
  }

  async close(): Promise<void> {
    for (const agent of [...this.#browsers.keys()]) await this.end(agent);
  }

  async end(agent: string): Promise<void> {
    const browser = this.#browsers.get(agent);
    this.#browsers.delete(agent);
    await (await browser)?.close();
  }

  async #create(agent: string): Promise<AgentBrowser> {
    const { stateDir, runDir, support, jails, idleMs } = this.#options;
    const { chromium, programs } = support;
    if (chromium === undefined || programs === undefined) {
      throw new HqError('refused', 'This host has no browser.', { hint: 'Install the package `chromium`.' });
    }
    const profileDir = browserProfileDir(stateDir, agent);
    // Not the directory of the proxy's socket: the browser may write here.
    const name = createHash('sha256').update(`browser:${agent}`).digest('hex').slice(0, 12);
    const directory = join(runDir, name);
    for (const path of [profileDir, directory]) await mkdir(path, { recursive: true, mode: 0o700 });
    return new AgentBrowser({
      agent,
      profileDir,
      socketPath: join(directory, devToolsSocket),
      idleMs,
      prepare: async () => {
        const mounts = browserMounts(chromium, profileDir, directory);
        const content = { mounts, workdir: '/', environment: {}, kind: 'browser' } as const;
        const { argv, token } = await jails.prepare(agent, content, browserCommand(chromium, programs.socat));
        return { argv, ended: async () => await jails.ended(token) };
      },
    });
  }
}

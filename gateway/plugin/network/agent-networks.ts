import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import type { AllowedHost, Destination } from './allowed-hosts.ts';
import { watchAllowedHosts } from './allowed-hosts-file.ts';
import type { Internet } from './egress-decision.ts';
import { EgressProxy } from './egress-proxy.ts';
import { type HolderPrograms, type NamespacePaths, NetworkNamespace } from './network-namespace.ts';
import { Traffic } from './traffic.ts';

export interface AgentNetworksOptions {
  /** Directory of the AgentRecords. */
  readonly recordsDir: string;
  /** Private directory with a short path: a socket's path has at most 107 bytes. */
  readonly runDir: string;
  readonly bytesPerDay: number;
  readonly programs: HolderPrograms | undefined;
  readonly internet?: Internet | undefined;
  readonly onUnlisted?: ((agent: string, destination: Destination) => void) | undefined;
}

interface AgentNetwork {
  readonly proxy: EgressProxy;
  readonly traffic: Traffic;
  readonly namespace: NetworkNamespace;
}

/** The networks of all agents. Each has a namespace, and a proxy as its one way out. */
export class AgentNetworks {
  readonly #options: AgentNetworksOptions;
  #isClosed = false;
  readonly #networks = new Map<string, Promise<AgentNetwork>>();

  constructor(options: AgentNetworksOptions) {
    this.#options = options;
  }

  /** Returns the namespaces for the next command of an agent. Without them there is no command. */
  async enter(agent: string): Promise<NamespacePaths> {
    if (this.#isClosed) {
      throw new HqError('unreachable', 'The gateway is ending.', { hint: 'Try again when it runs.' });
    }
    let network = this.#networks.get(agent);
    if (network === undefined) {
      network = this.#open(agent);
      this.#networks.set(agent, network);
      network.catch(() => this.#networks.delete(agent));
    }
    return await (await network).namespace.enter();
  }

  /** Returns an agent's list as its AgentRecord has it now. */
  allowedHosts(agent: string): readonly AllowedHost[] {
    return watchAllowedHosts(join(this.#options.recordsDir, `${agent}.json`))();
  }

  /** Counts of each agent that has used its network, and what it was refused. */
  async traffic(): Promise<Record<string, ReturnType<Traffic['snapshot']>>> {
    const entries = [...this.#networks].map(
      async ([agent, network]) => [agent, (await network).traffic.snapshot()] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Ends the network of an agent that was removed. */
  async end(agent: string): Promise<void> {
    const network = this.#networks.get(agent);
    this.#networks.delete(agent);
    if (network === undefined) return;
    const { proxy, namespace } = await network;
    await namespace.close();
    await proxy.close();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const agent of [...this.#networks.keys()]) await this.end(agent);
  }

  async #open(agent: string): Promise<AgentNetwork> {
    const { runDir, recordsDir, bytesPerDay, internet, programs, onUnlisted } = this.#options;
    const directory = join(runDir, createHash('sha256').update(agent).digest('hex').slice(0, 12));
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const socket = join(directory, 'proxy.sock');
    const traffic = new Traffic(bytesPerDay);
    const allowedHosts = watchAllowedHosts(join(recordsDir, `${agent}.json`));
    const proxy = new EgressProxy({
      ...{ agent, allowedHosts, traffic, internet },
      onUnlisted: (destination) => onUnlisted?.(agent, destination),
    });
    await proxy.listen(socket);
    return { proxy, traffic, namespace: new NetworkNamespace(agent, socket, programs) };
  }
}

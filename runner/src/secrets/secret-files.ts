import { createHash } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { codeOf, HqError } from '@hq/shared/errors';
import { fileFault } from '@hq/shared/program';
import type { CurrentFiles, SyncPlan } from './plan-files.ts';
import { EnvDirectory, type EnvFile, isFileSlug } from './secrets-directory.ts';

const gatewayFile = 'gateway.env';
const atOnce = 8;

export interface WrittenFiles {
  readonly written: number;
  readonly removed: number;
  /** Reasons of failed writes by agent slug; null means the gateway's file. */
  readonly failed: ReadonlyMap<string | null, string>;
}

/** Files of one gateway's secrets: `gateway.env`, and `agents/<slug>.env` for each agent. */
export class SecretFiles {
  readonly #top: EnvDirectory;
  readonly #agents: EnvDirectory;
  #gateway: EnvFile | null = null;
  readonly #current = new Map<string, EnvFile>();

  private constructor(top: EnvDirectory, agents: EnvDirectory) {
    this.#top = top;
    this.#agents = agents;
  }

  /** Opens the directory while `use` runs. Throws `HqError` with the reason when that fails. */
  static async open<Result>(path: string, use: (files: SecretFiles) => Promise<Result>): Promise<Result> {
    let top: EnvDirectory | undefined;
    let agents: EnvDirectory | undefined;
    try {
      top = await EnvDirectory.open(dirname(path), basename(path));
      agents = await top.openSubdirectory('agents');
      return await use(new SecretFiles(top, agents));
    } catch (error) {
      if (error instanceof HqError) throw error;
      throw new HqError('failed', `The directory of the secrets cannot be used: ${fileFault(error)}.`, {
        hint: `Look at ${path} on the runner’s host.`,
        cause: error,
      });
    } finally {
      await agents?.close();
      await top?.close();
    }
  }

  async removeLeftovers(): Promise<void> {
    await this.#top.removeLeftovers();
    await this.#agents.removeLeftovers();
  }

  /** Reads every file; `write` compares with the result. */
  async read(): Promise<CurrentFiles> {
    this.#gateway = await this.#top.read(gatewayFile);
    this.#current.clear();
    const slugs = (await this.#agents.names()).map((name) => name.slice(0, -'.env'.length));
    await each(slugs, async (slug) => {
      const file = await this.#agents.read(`${slug}.env`);
      if (file !== null) this.#current.set(slug, file);
    });
    return {
      gateway: this.#gateway?.text ?? null,
      agents: new Map([...this.#current].map(([slug, { text }]) => [slug, text])),
    };
  }

  /** Returns a digest of everything that `read` found. */
  digest(): string {
    const files = [...this.#current].sort(([one], [other]) => (one < other ? -1 : 1));
    return createHash('sha256')
      .update(JSON.stringify([this.#gateway, files]))
      .digest('base64');
  }

  /** Writes the files that differ. A file that cannot be written keeps its content. */
  async write(wanted: Pick<SyncPlan, 'gateway' | 'agents'>): Promise<WrittenFiles> {
    const failed = new Map<string | null, string>();
    let written = 0;
    let removed = 0;
    const attempt = async (slug: string | null, work: () => Promise<void>) => {
      try {
        await work();
        return 1;
      } catch (error) {
        failed.set(slug, `${fileFault(error)}.`);
        return 0;
      }
    };

    // Removals come first: they may free space on a full disk.
    await each(
      [...this.#current.keys()].filter((slug) => !wanted.agents.has(slug)),
      async (slug) => {
        removed += await attempt(slug, () => this.#agents.remove(`${slug}.env`));
      },
    );
    if (!isUpToDate(this.#gateway, wanted.gateway)) {
      written += await attempt(null, () => writeWithRetry(this.#top, gatewayFile, wanted.gateway));
      await this.#top.fsync();
    }
    await each([...wanted.agents], async ([slug, text]) => {
      if (!isFileSlug(slug) || isUpToDate(this.#current.get(slug) ?? null, text)) return;
      written += await attempt(slug, () => writeWithRetry(this.#agents, `${slug}.env`, text));
    });
    if (written + removed > 0) await this.#agents.fsync();
    return { written, removed, failed };
  }
}

function isUpToDate(current: EnvFile | null, text: string): boolean {
  return current?.isValid === true && current.text === text;
}

/** Retries once: another runner that starts on this volume may remove the temporary file as a leftover. */
async function writeWithRetry(directory: EnvDirectory, name: string, text: string): Promise<void> {
  try {
    await directory.write(name, text);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await directory.write(name, text);
  }
}

async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

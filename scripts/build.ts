/** Bundles the programs that are shipped as files. `ensureBuilt` does it only when a source is newer. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Program {
  readonly name: 'hq-tui' | 'hq-runner' | 'hq-bots';
  readonly entry: string;
  /** What the program starts in threads of its own, by the names of their files. */
  readonly threads?: Readonly<Record<string, string>>;
  readonly outdir: string;
  /** The folders whose change makes the bundle stale. */
  readonly sources: readonly string[];
}

const programs: readonly Program[] = [
  { name: 'hq-tui', entry: 'tui/src/main.ts', outdir: 'tui/dist', sources: ['tui/src', 'shared/src'] },
  {
    name: 'hq-runner',
    entry: 'runner/src/main.ts',
    outdir: 'runner/dist',
    sources: ['runner/src', 'shared/src'],
  },
  {
    name: 'hq-bots',
    entry: 'bots/src/main.ts',
    threads: { 'hq-bots-adapter': 'bots/src/runtime/adapter-worker.ts' },
    outdir: 'bots/dist',
    sources: ['bots/src', 'shared/src'],
  },
];

/**
 * What libraries load and neither program reaches: Ink's developer tools behind a flag that is never set, and what
 * dockerode needs to build images and to reach an engine over ssh: without them a runner is 30 MB lighter. What node-fetch would
 * parse addresses with where Node could not; Node warns of it, too.
 */
const unreached =
  /^(react-devtools-core|whatwg-url|express|iconv-lite|ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|tar-fs|@balena\/dockerignore)$/;

/** The languages in which zod tells what is wrong with a value, but for the one that it tells it in. */
const otherLanguages = /zod[\\/]v4[\\/]locales[\\/]index\.js$/;

const withoutUnreached: Plugin = {
  name: 'without-unreached',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: unreached }, ({ path }) => ({ path, namespace: 'left-out' }));
    onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'export default {};' }));
    onLoad({ filter: otherLanguages }, ({ path }) => ({
      contents: "export { default as en } from './en.js';",
      resolveDir: dirname(path),
    }));
  },
};

/** discord.js brings a second copy of what Node has; its adapter asks by Node's own (bots/src/platforms/discord/outbound/rest-options.ts). */
const ownFetch: Plugin = {
  name: 'own-fetch',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^undici$/ }, ({ importer }) =>
      /[\\/](discord\.js|@discordjs[\\/]rest)[\\/]/.test(importer)
        ? { path: 'fetch', namespace: 'own-fetch' }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'own-fetch' }, () => ({
      contents: 'export const { fetch, FormData, Headers } = globalThis;',
    }));
  },
};

/** Ink's compositor is ours: it keeps the rows that do not change (tui/src/ink/kept-rows.ts). */
const keptRows: Plugin = {
  name: 'kept-rows',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/output\.js$/ }, ({ importer }) =>
      /[\\/]ink[\\/]build[\\/]renderer\.js$/.test(importer)
        ? { path: join(root, 'tui', 'src', 'ink', 'kept-rows.ts') }
        : undefined,
    );
  },
};

/** How every program of ours is bundled. */
export function bundling(entryPoints: Readonly<Record<string, string>>, outdir: string): BuildOptions {
  return {
    absWorkingDir: root,
    entryPoints: { ...entryPoints },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    legalComments: 'none',
    sourcemap: false,
    // Optional native parts of libraries: each is tried and done without.
    external: ['cpu-features', '*.node'],
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    plugins: [withoutUnreached, ownFetch, keptRows],
    logLevel: 'warning',
  };
}

function newestChange(folder: string): number {
  let newest = 0;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) newest = Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
  }
  return newest;
}

function stampOf(program: Program): string {
  const newest = Math.max(
    ...program.sources.map(newestChange),
    statSync(join(root, 'scripts/build.ts')).mtimeMs,
  );
  const lock = join(root, 'package-lock.json');
  return JSON.stringify({ newest, lock: existsSync(lock) ? statSync(lock).mtimeMs : 0 });
}

function isFresh(program: Program): boolean {
  const stamp = join(root, program.outdir, 'stamp.json');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(program);
}

/**
 * The entry comes last and at once: whoever starts the program meanwhile gets the old one or the new one, whole, also where
 * two build at the same time.
 */
async function buildProgram(program: Program): Promise<void> {
  const stamp = stampOf(program);
  const folder = join(root, program.outdir);
  const { outputFiles } = await build({
    ...bundling({ [program.name]: program.entry, ...program.threads }, program.outdir),
    write: false,
  });
  mkdirSync(folder, { recursive: true });
  const isEntry = (path: string): boolean => basename(path) === `${program.name}.js`;
  for (const { path, contents } of outputFiles.toSorted(
    (a, b) => Number(isEntry(a.path)) - Number(isEntry(b.path)),
  )) {
    writeFileSync(`${path}.${process.pid}`, contents);
    renameSync(`${path}.${process.pid}`, path);
  }
  const made = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const left of readdirSync(folder)) {
    // Only chunks of an earlier build: another build may just be writing beside this one.
    if (left.endsWith('.js') && !made.has(left)) rmSync(join(folder, left), { force: true });
  }
  rmSync(join(folder, 'compiled'), { recursive: true, force: true });
  writeFileSync(join(folder, 'stamp.json'), stamp);
}

/** Builds the named programs whose sources changed since their bundle was made. */
export async function ensureBuilt(...names: readonly Program['name'][]): Promise<void> {
  const wanted = programs.filter((program) => names.includes(program.name) && !isFresh(program));
  await Promise.all(wanted.map(buildProgram));
}

if (import.meta.main) {
  await Promise.all(programs.filter(({ entry }) => existsSync(join(root, entry))).map(buildProgram));
}

/** `npm run build [NAME …]`: bundles the programs. `ensureBuilt` rebuilds only bundles whose inputs changed. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { isFresh } from './bundle.cjs';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Program {
  readonly name: 'hq-tui' | 'hq-runner' | 'hq-gateway' | 'hq-plugin' | 'hq-bots';
  readonly entry: string;
  /** Entry points of worker threads, by the names of their files. */
  readonly threads?: Readonly<Record<string, string>>;
  readonly outdir: string;
}

const programs: readonly Program[] = [
  { name: 'hq-tui', entry: 'tui/src/main.ts', outdir: 'tui/dist' },
  { name: 'hq-runner', entry: 'runner/src/main.ts', outdir: 'runner/dist' },
  { name: 'hq-gateway', entry: 'gateway/src/main.ts', outdir: 'gateway/dist' },
  {
    name: 'hq-bots',
    entry: 'bots/src/main.ts',
    threads: { 'hq-bots-adapter': 'bots/src/runtime/adapter-worker.ts' },
    outdir: 'bots/dist',
  },
  // Without this bundle OpenClaw compiles the sources at each start, which takes 6 s on two busy cores.
  { name: 'hq-plugin', entry: 'gateway/plugin/hq-plugin.ts', outdir: 'gateway/plugin/dist' },
];

/**
 * Modules that libraries import and no program needs: Ink's developer tools, dockerode's image builds and ssh (30 MB of a
 * runner's memory), and node-fetch's parser of addresses, of which Node warns.
 */
const unreached =
  /^(react-devtools-core|whatwg-url|express|iconv-lite|ssh2|@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|tar-fs|@balena\/dockerignore)$/;

/** Matches zod's messages in all languages; only the English ones are bundled. */
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

/** Replaces the copy of undici in discord.js by Node's own (bots/src/platforms/discord/outbound/rest-options.ts). */
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

/** Replaces Ink's compositor (tui/src/ink/kept-rows.ts) and gives each copy of string-width a memory (tui/src/ink/remember-widths.ts). */
const fastInk: Plugin = {
  name: 'fast-ink',
  setup({ onResolve, onLoad, resolve }) {
    const folder = join(root, 'tui', 'src', 'ink');
    onResolve({ filter: /^\.\/output\.js$/ }, ({ importer }) =>
      /[\\/]ink[\\/]build[\\/]renderer\.js$/.test(importer)
        ? { path: join(folder, 'kept-rows.ts') }
        : undefined,
    );
    onResolve(
      { filter: /^string-width$/ },
      async ({ path, resolveDir, kind, importer, namespace, pluginData }) => {
        if (pluginData === 'original' || namespace === 'remembered' || kind !== 'import-statement') return;
        const found = await resolve(path, { resolveDir, kind, importer, pluginData: 'original' });
        return { path: found.path, namespace: 'remembered' };
      },
    );
    onLoad({ filter: /.*/, namespace: 'remembered' }, ({ path }) => ({
      contents: `import measure from ${JSON.stringify(path)};
        import { rememberWidths } from './remember-widths.ts';
        export default rememberWidths(measure);`,
      resolveDir: folder,
    }));
  },
};

/** Returns the options of esbuild for every program. */
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
    // Optional native parts of libraries, which work without them; and OpenClaw, which runs the plugin.
    external: ['cpu-features', '*.node', 'openclaw/*'],
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    plugins: [withoutUnreached, ownFetch, fastInk],
    logLevel: 'warning',
  };
}

/**
 * Returns the modification time of every input; the lock file represents packages. An input that changed after
 * the build started gets 0, which makes the bundle stale.
 */
function inputTimes({ inputs }: Metafile, startedAt: number): Readonly<Record<string, number>> {
  const own = Object.keys(inputs).filter((path) => !/^[\w-]+:|(^|\/)node_modules\//.test(path));
  const paths = [...own, 'scripts/build.ts', 'package-lock.json'].filter((path) =>
    existsSync(join(root, path)),
  );
  return Object.fromEntries(
    paths.map((path) => {
      const { mtimeMs } = statSync(join(root, path));
      return [path, mtimeMs < startedAt ? mtimeMs : 0];
    }),
  );
}

/**
 * Replaces each file atomically and the entry last: a program that starts meanwhile gets the old or the new bundle, also
 * while two builds run.
 */
async function buildProgram(program: Program): Promise<void> {
  const startedAt = Date.now();
  const folder = join(root, program.outdir);
  const { outputFiles, metafile } = await build({
    ...bundling({ [program.name]: program.entry, ...program.threads }, program.outdir),
    write: false,
    metafile: true,
  });
  mkdirSync(folder, { recursive: true });
  const isEntry = (path: string): boolean => basename(path) === `${program.name}.js`;
  const entryLast = outputFiles.toSorted((a, b) => Number(isEntry(a.path)) - Number(isEntry(b.path)));
  for (const { path, contents } of entryLast) replaceFile(path, contents);
  const written = new Set(outputFiles.map(({ path }) => basename(path)));
  for (const name of readdirSync(folder)) {
    // Removes chunks of earlier builds only: another build may be writing its files.
    if (name.endsWith('.js') && !written.has(name)) rmSync(join(folder, name), { force: true });
  }
  rmSync(join(folder, 'compiled'), { recursive: true, force: true });
  replaceFile(join(folder, 'inputs.json'), JSON.stringify(inputTimes(metafile, startedAt)));
}

function replaceFile(path: string, contents: string | Uint8Array): void {
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}

/** Builds the named programs whose bundle is stale. */
export async function ensureBuilt(...names: readonly Program['name'][]): Promise<void> {
  const stale = programs.filter(({ name, outdir }) => names.includes(name) && !isFresh(join(root, outdir)));
  await Promise.all(stale.map(buildProgram));
}

if (import.meta.main) {
  const names = process.argv.slice(2);
  const wanted = programs.filter(({ name }) => names.length === 0 || names.includes(name));
  await Promise.all(wanted.filter(({ entry }) => existsSync(join(root, entry))).map(buildProgram));
}

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = z.record(z.string(), z.string()).default({});
const manifest = z.object({ dependencies: packages, devDependencies: packages });
const exists = (path: string): boolean => statSync(join(root, path), { throwIfNoEntry: false }) !== undefined;
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const pages = [
  ...readdirSync(root),
  ...readdirSync(join(root, 'docs'), { recursive: true }).map((name) => join('docs', String(name))),
  ...readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && exists(join(entry.name, 'README.md')) && entry.name !== 'docs')
    .map((entry) => join(entry.name, 'README.md')),
].filter((path) => path.endsWith('.md'));

const withoutCode = (text: string): string => text.replace(/```[\s\S]*?```/g, '');

function anchors(page: string): readonly string[] {
  return Array.from(withoutCode(read(page)).matchAll(/^#+ (.+)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Returns the sentences of a page, with code, tables' borders and links' targets taken out. */
function sentences(text: string): readonly string[] {
  const blocks = withoutCode(text)
    .replace(/^\s*\|(.+)\|$/gm, (_, cells: string) => `\n${cells.split('|').join('\n\n')}\n`)
    .replace(/^\s*(?:[-*]|\d+\.) /gm, '\n')
    .split(/\n\s*\n/);
  return blocks.flatMap((block) =>
    block
      .replace(/`[^`]*`/g, 'X')
      .replace(/\]\([^)]*\)/g, ']')
      .split(/(?<=[.!?:]["”)*]*)\s+(?=[A-Z*“"([])/),
  );
}

/** The paths in backticks that begin with a folder or file of the repository. */
function namedPaths(text: string): readonly string[] {
  const top = new Set(readdirSync(root));
  return Array.from(
    withoutCode(text).matchAll(/`([\w.@-]+(?:\/[\w.@-]+)+\/?)`/g),
    ([, path = '']) => path,
  ).filter((path) => top.has(path.split('/')[0] ?? ''));
}

const generated = new Set(['docs/actions.md', 'docs/api.md']);

describe.each(pages)('%s', (page) => {
  it('links to pages and headings that exist', () => {
    for (const [, target = ''] of withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      expect(exists(file), `${target} exists`).toBe(true);
      if (anchor !== undefined) expect(anchors(file), `${target} is a heading`).toContain(anchor);
    }
  });

  it('names files that exist', () => {
    const missing = namedPaths(read(page)).filter(
      (path) => !exists(path) && !path.split('/').includes('dist'),
    );
    expect(missing).toEqual([]);
  });
});

it.each(pages.filter((page) => !generated.has(page)))(
  '%s has no sentence of more than 40 words, and no long line outside of tables',
  (page) => {
    const text = read(page);
    expect(sentences(text).filter((sentence) => sentence.split(/\s+/).length > 40)).toEqual([]);
    const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('|'));
    expect(lines.filter((line) => line.length > 160)).toEqual([]);
  },
);

it('docs/dependencies.md has a line for each package that HQ names', () => {
  const manifests = ['.', ...readdirSync(root)].map((folder) => join(folder, 'package.json')).filter(exists);
  const named = manifests.flatMap((path) => {
    const { dependencies, devDependencies } = manifest.parse(JSON.parse(read(path)));
    return [...Object.keys(dependencies), ...Object.keys(devDependencies)];
  });
  const listed = Array.from(read('docs/dependencies.md').matchAll(/^\| (`.+?`) \|/gm), ([, names = '']) =>
    Array.from(names.matchAll(/`([^`]+)`/g), ([, name = '']) => name),
  ).flat();
  const isOwn = (name: string): boolean => /^@(hq|types)\//.test(name);
  expect(listed.toSorted()).toEqual([...new Set(named.filter((name) => !isOwn(name)))].toSorted());
});

/** Expects each test of a list, such as `path/to/file.test.ts`: "name", "other name"; `another.test.ts`. A name may be a part. */
function expectTests(list: string): void {
  for (const test of list.split('; ')) {
    const [, file = '', names = ''] = /^`([^`]+\.test\.tsx?)`(?:: (.+))?$/.exec(test) ?? [];
    const source = exists(file) ? read(file) : undefined;
    expect(source, `${test} names a file`).toBeDefined();
    for (const [, name = ''] of names.matchAll(/"([^"]+)"/g)) {
      expect(source?.includes(name), `${file} has a test "${name}"`).toBe(true);
    }
  }
}

describe('SECURITY.md', () => {
  const claims = Array.from(
    read('SECURITY.md').matchAll(/^- (.+(?:\n {2}.+)*?)\n {2}Test: (.+(?:\n {2}.+)*)/gm),
    ([, claim = '', tests = '']) => [claim, tests] as const,
  );

  it('names a test for each claim', () => {
    expect(claims.length).toBeGreaterThan(80);
  });

  it.each(claims)('proves by a test: %s', (_claim, tests) => {
    expectTests(tests.replaceAll('\n ', ''));
  });
});

it('docs/field-faults.md names a test for each fault, or says why it has none', () => {
  const rows = Array.from(read('docs/field-faults.md').matchAll(/^\| ([A-Z]\d+) \| .+ \| (.+) \|$/gm));
  expect(rows.length).toBeGreaterThan(60);
  for (const [, , tests = ''] of rows) if (!tests.startsWith('No test: ')) expectTests(tests);
});

/**
 * `npm run bench [NAME …]`: measures, and prints each number beside its target. Close other programs first. Ends with 1 when a
 * target was missed.
 */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Figure, formatTable } from './table.ts';

/** Exports of every `bench/*.bench.ts`. */
interface Bench {
  readonly title: string;
  readonly measure: () => AsyncIterable<Figure>;
}

const benchModule = z.object({
  title: z.string(),
  measure: z.custom<Bench['measure']>((value) => typeof value === 'function', 'a function named measure'),
});

const folder = fileURLToPath(new URL('.', import.meta.url));
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(', ')}; there are: ${known.join(', ')}\n`);
  process.exit(2);
}

let missed = 0;
for (const name of known.filter((each) => wanted.length === 0 || wanted.includes(each))) {
  process.stderr.write(`measuring ${name} …\n`);
  const bench: Bench = benchModule.parse(await import(`./${name}.bench.ts`));
  const figures: Figure[] = [];
  for await (const figure of bench.measure()) {
    process.stderr.write(`  ${figure.what}: ${figure.measured}\n`);
    figures.push(figure);
  }
  process.stdout.write(`${formatTable(bench.title, figures)}\n`);
  missed += figures.filter(({ isMet }) => !isMet).length;
}
process.stdout.write(missed === 0 ? 'Every target was met.\n' : `${missed} missed.\n`);
process.exit(missed === 0 ? 0 : 1);

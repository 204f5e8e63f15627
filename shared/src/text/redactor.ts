import { decodedViews } from './decoded-views.ts';
import { KnownValues, type Span } from './known-values.ts';
import { mayHavePrivateKey, privateKeyLines, privateKeyShapes, redactionMark } from './private-keys.ts';
import { tokenShapes } from './token-shapes.ts';

/** The longest text of one secret; text is never cut closer than this to its open end. */
export const longestSecret = 8192;

/** Characters of a name before a value, which identifies it. */
const longestName = 128;

/** A line of a long base64 text, and its last line. */
const wrapped = /^\s*[A-Za-z0-9+/_-]{40,}\s*$/;
const wrappedEnd = /^\s*[A-Za-z0-9+/_-]+={0,2}\s*$/;
/** Characters of such a text in which a value is searched for. */
const longestBlock = 2048;

/** Removes known secrets, and text that looks like one. */
export interface Redactor {
  /** Redacts one piece of text, such as a line of a log or an error. */
  text(text: string): string;
  /** Returns a function for the lines of one text, which also redacts secrets that span several lines. */
  lines(): (line: string) => string;
  /**
   * Returns where to cut a text that is longer than `most`: not inside a secret, nor between a secret and the name before
   * it. The text must go on for `longestSecret` behind `most`, or end there.
   */
  cut(text: string, most: number): number;
  /** Replaces the values of the last call by the ones that are in use now. */
  learn(values: Iterable<string>): void;
}

/**
 * Creates a redactor that always knows these values, beside the ones that it learns. It ignores values, and lines of
 * values, of fewer than eight characters.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  let known = new KnownValues(secrets);
  const text = (input: string): string => withoutShapes(withoutSpans(input, knownSpans(known, input)));

  return {
    text,
    lines: () => {
      const isInKey = privateKeyLines();
      let block = '';
      return (line) => {
        if (isInKey(line)) return redactionMark;
        if (!(block === '' ? wrapped : wrappedEnd).test(line)) {
          block = '';
          return text(line);
        }
        const begins = block.length - line.search(/\S/);
        block += line.trim();
        const found = known
          .spans(block, true)
          .map(({ start, end }) => ({ start: start - begins, end: end - begins }));
        block = block.slice(-longestBlock);
        return withoutShapes(withoutSpans(line, merged([...found, ...knownSpans(known, line)])));
      };
    },
    cut: (input, most) => {
      if (input.length <= most) return input.length;
      const shapes = [...privateKeyShapes, ...tokenShapes.map(({ shape }) => shape)].flatMap((shape) =>
        shapeSpans(shape, input),
      );
      const secrets = merged([...knownSpans(known, input), ...shapes]);
      let cut = most;
      for (;;) {
        const through = secrets.find(({ start, end }) => start - longestName < cut && cut < end);
        if (through === undefined) return cut;
        if (through.start <= longestName) return Math.max(most, through.end);
        cut = through.start - longestName;
      }
    },
    learn: (values) => {
      known = new KnownValues([...secrets, ...values]);
    },
  };
}

/** Removes text that looks like a credential, for texts that are cut before they reach a redactor. */
export function withoutShapes(text: string): string {
  let output = text;
  if (mayHavePrivateKey(text)) {
    for (const shape of privateKeyShapes) output = output.replace(shape, redactionMark);
  }
  for (const { shape, mark } of tokenShapes) {
    if (mark === undefined || output.includes(mark)) output = output.replace(shape, keepName);
  }
  return output;
}

function keepName(_all: string, name: unknown): string {
  return typeof name === 'string' ? name + redactionMark : redactionMark;
}

function shapeSpans(shape: RegExp, text: string): Span[] {
  return Array.from(text.matchAll(shape), ({ 0: all, 1: name = '', index }) => ({
    start: index + name.length,
    end: index + all.length,
  }));
}

/** Returns the positions of known values, as they are and escaped. */
function knownSpans(known: KnownValues, text: string): readonly Span[] {
  if (known.isEmpty) return [];
  const found = known.spans(text);
  let isSorted = true;
  for (const view of decodedViews(text)) {
    for (const span of known.spans(view.text, view.isOpen)) {
      found.push(view.toSource(span));
      isSorted = false;
    }
  }
  return isSorted ? found : merged(found);
}

function merged(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const { start, end } of spans.toSorted((one, other) => one.start - other.start)) {
    const last = result.at(-1);
    if (last === undefined || start > last.end) result.push({ start, end });
    else if (end > last.end) result[result.length - 1] = { start: last.start, end };
  }
  return result;
}

function withoutSpans(text: string, spans: readonly Span[]): string {
  let output = '';
  let from = 0;
  for (const { start, end } of spans) {
    if (end <= 0) continue;
    output += text.slice(from, Math.max(0, start)) + redactionMark;
    from = Math.min(end, text.length);
  }
  return output + text.slice(from);
}

import type { Span } from './known-values.ts';

/** A text in which one kind of escape is decoded, with the place of each part in the text that it was made from. */
export interface View {
  readonly text: string;
  /** True where the end of the text may be the cut end of a value. */
  readonly isOpen: boolean;
  toSource(span: Span): Span;
}

interface Escape {
  /** Quick test whether a text may have one. */
  readonly mark: string;
  readonly pattern: RegExp;
  readonly decode: (written: string) => string;
}

const controls: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  v: '\v',
  0: '\0',
  '\n': '',
};
const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  sol: '/',
  nbsp: '\u00a0',
};

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOfBytes(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return Buffer.from(bytes).toString('latin1');
  }
}

function textOfCode(code: number): string {
  return code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code);
}

/** From the outside to the inside, as programs nest them. */
const escapes: readonly Escape[] = [
  {
    // JSON, JavaScript, Python, shells.
    mark: '\\',
    pattern:
      /(?:\\x[0-9a-fA-F]{2}|\\[0-3][0-7]{2})+|\\u\{[0-9a-fA-F]{1,6}\}|\\u[0-9a-fA-F]{4}|\\U[0-9a-fA-F]{8}|\\[\s\S]/g,
    decode: (written) => {
      const kind = written.charAt(1);
      if (written.length === 2) return controls[kind] ?? kind;
      if (kind === 'u' || kind === 'U')
        return textOfCode(Number.parseInt(written.replace(/[^0-9a-f]/gi, ''), 16));
      const bytes = written.matchAll(/\\(?:x(?<hex>..)|(?<octal>...))/g);
      return textOfBytes(
        Uint8Array.from(bytes, ({ groups }) =>
          groups?.hex === undefined
            ? Number.parseInt(groups?.octal ?? '', 8)
            : Number.parseInt(groups.hex, 16),
        ),
      );
    },
  },
  {
    // HTML and XML.
    mark: '&',
    pattern: /&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-z]{2,4});/g,
    decode: (written) => {
      const name = written.slice(1, -1);
      if (!name.startsWith('#')) return entities[name] ?? written;
      const isHex = /^#x/i.test(name);
      return textOfCode(Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10));
    },
  },
  {
    // Addresses and forms.
    mark: '%',
    pattern: /(?:%[0-9a-fA-F]{2})+/g,
    decode: (written) => textOfBytes(Buffer.from(written.replaceAll('%', ''), 'hex')),
  },
  {
    // A long base64 text over several lines.
    mark: '\n',
    pattern: /(?<=[A-Za-z0-9+/_-]{16}\r?)\r?\n[ \t]*(?=[A-Za-z0-9+/_-])/g,
    decode: () => '',
  },
];

/** Prints of bytes. `mark` is a quick test. */
const dumps: readonly {
  readonly mark: RegExp;
  readonly pattern: RegExp;
  readonly bytes: (written: string) => Uint8Array;
}[] = [
  {
    // Pairs of hexadecimal digits, as Node shows a buffer.
    mark: /[0-9a-fA-F]{2}(?:[ :,-] ?(?:0x)?[0-9a-fA-F]{2}){7}/,
    pattern: /\b(?:0x)?[0-9a-fA-F]{2}(?:[ :,-] ?(?:0x)?[0-9a-fA-F]{2}\b){7,}/g,
    bytes: (written) => Buffer.from(written.replace(/0x|[^0-9a-fA-F]/g, ''), 'hex'),
  },
  {
    // Decimal numbers, as JSON has a buffer.
    mark: /\d,\s?\d{1,3},\s?\d{1,3},\s?\d/,
    pattern: /\b\d{1,3}(?:,\s?\d{1,3}\b){7,}/g,
    bytes: (written) => Uint8Array.from(written.split(','), Number),
  },
];

/** Escapes within escapes that are decoded, and views of one text. */
const deepest = 3;
const mostViews = 16;

/** Yields a text with its escapes decoded, one kind at a time, then those inside them. Most texts have none. */
export function* decodedViews(text: string): Generator<View> {
  const whole: View = { text, isOpen: false, toSource: (span) => span };
  yield* bytesIn(whole);
  let views = 0;
  let level = [{ source: whole, outermost: 0 }];
  for (let depth = 0; depth < deepest; depth += 1) {
    const next: typeof level = [];
    for (const { source, outermost } of level) {
      for (const [index, kind] of escapes.entries()) {
        if (index < outermost || !source.text.includes(kind.mark)) continue;
        const view = decoded(source, kind);
        if (view === null) continue;
        yield view;
        yield* bytesIn(view);
        views += 1;
        if (views === mostViews) return;
        next.push({ source: view, outermost: index });
      }
    }
    level = next;
  }
}

function* bytesIn(source: View): Generator<View> {
  for (const { mark, pattern, bytes } of dumps) {
    if (!mark.test(source.text)) continue;
    for (const { 0: written, index } of source.text.matchAll(pattern)) {
      const place = { start: index, end: index + written.length };
      yield { text: textOfBytes(bytes(written)), isOpen: true, toSource: () => source.toSource(place) };
    }
  }
}

interface Part {
  readonly from: number;
  readonly to: number;
  readonly sourceFrom: number;
  readonly sourceTo: number;
}

function decoded(source: View, { pattern, decode }: Escape): View | null {
  const parts: Part[] = [];
  let text = '';
  let at = 0;
  for (const { 0: written, index } of source.text.matchAll(pattern)) {
    text += source.text.slice(at, index);
    const from = text.length;
    text += decode(written);
    at = index + written.length;
    parts.push({ from, to: text.length, sourceFrom: index, sourceTo: at });
  }
  if (parts.length === 0) return null;
  return {
    text: text + source.text.slice(at),
    isOpen: false,
    toSource: ({ start, end }) =>
      source.toSource({ start: placeOf(parts, start).start, end: placeOf(parts, end - 1).end }),
  };
}

/** Returns where one character of a view stands in its source; a decoded character stands where its escape does. */
function placeOf(parts: readonly Part[], at: number): Span {
  let shift = 0;
  for (const { from, to, sourceFrom, sourceTo } of parts) {
    if (at < from) break;
    if (at < to) return { start: sourceFrom, end: sourceTo };
    shift = sourceTo - to;
  }
  return { start: at + shift, end: at + shift + 1 };
}

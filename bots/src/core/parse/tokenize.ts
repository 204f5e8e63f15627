/** A typed text: words in their order, and named values. */
export interface Tokens {
  readonly positional: readonly string[];
  /** From `key=value`, `--key value` and `--key=value`; dashes in keys are underscores. The last one counts. */
  readonly named: ReadonlyMap<string, string>;
}

const opening = new Map([
  ['"', '"'],
  ["'", "'"],
  ['“', '”'],
  ['‘', '’'],
  ['«', '»'],
  ['`', '`'],
]);
/** Phones and desktop keyboards make one dash of two. */
const option = /^(?:--|—|–)([A-Za-z][A-Za-z0-9_-]*)(?:=(.*))?$/su;
const assignment = /^([A-Za-z][A-Za-z0-9_-]*)=(.*)$/su;

interface Token {
  readonly text: string;
  /** The index of the first quote; quoted text is never the name of a value. */
  readonly quotedFrom: number;
}

export function tokenize(text: string): Tokens {
  const tokens = tokensOf(unfenced(text));
  const positional: string[] = [];
  const named = new Map<string, string>();
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) break;
    const setting = nameOf(token);
    if (setting === null) {
      positional.push(token.text);
    } else if (setting.value !== null) {
      named.set(setting.key, setting.value);
    } else {
      const next = tokens[at + 1];
      const isFlag = next === undefined || option.test(next.text.slice(0, next.quotedFrom));
      named.set(setting.key, isFlag ? 'true' : next.text);
      if (!isFlag) at += 1;
    }
  }
  return { positional, named };
}

/** Removes the backticks around a text that was pasted as code. */
function unfenced(text: string): string {
  const fence = /^\s*(`{1,3})([^`]*)\1\s*$/u.exec(text);
  return fence?.[2] ?? text;
}

function nameOf({ text, quotedFrom }: Token): { key: string; value: string | null } | null {
  const match = option.exec(text) ?? assignment.exec(text);
  const key = match?.[1];
  if (key === undefined || key.length >= quotedFrom) return null;
  return { key: key.toLowerCase().replaceAll('-', '_'), value: match?.[2] ?? null };
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let current = '';
  let isBegun = false;
  let quotedFrom = Number.POSITIVE_INFINITY;
  let closing: string | null = null;
  const end = (): void => {
    if (isBegun) tokens.push({ text: current, quotedFrom });
    current = '';
    isBegun = false;
    quotedFrom = Number.POSITIVE_INFINITY;
  };
  for (const sign of text) {
    if (closing !== null) {
      if (sign === closing) closing = null;
      else current += sign;
      continue;
    }
    if (/\s/u.test(sign)) {
      end();
      continue;
    }
    // A quote within a word is an apostrophe.
    const closer = current === '' || current.endsWith('=') ? opening.get(sign) : undefined;
    isBegun = true;
    if (closer === undefined) {
      current += sign;
    } else {
      closing = closer;
      quotedFrom = Math.min(quotedFrom, current.length);
    }
  }
  end();
  return tokens;
}

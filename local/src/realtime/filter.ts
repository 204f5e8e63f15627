/** Row as JSON. */
export type Row = Readonly<Record<string, unknown>>;
export type Predicate = (row: Row) => boolean;

type Columns = readonly { readonly name: string; readonly type: string }[];

/** Characters; see subscription-limits.ts for the time that a pattern takes. */
const longestPattern = 100;
const longestText = 8_192;

const numeric = /^(int2|int4|int8|float4|float8|numeric|oid)$/;
const temporal = /^(timestamp|timestamptz|date)$/;

/**
 * Parses `column=operator.value` filters of supabase-js, joined by commas; each operator may be `not.operator`. Returns
 * undefined for a filter that is invalid for these columns.
 */
export function parseFilter(text: string, columns: Columns): Predicate | undefined {
  const parts = splitOutside(text, ',');
  const predicates = parts.map((part) => parsePart(part, columns));
  const known = predicates.filter((predicate) => predicate !== undefined);
  if (known.length !== predicates.length) return undefined;
  return (row) => known.every((predicate) => predicate(row));
}

function parsePart(text: string, columns: Columns): Predicate | undefined {
  const match = /^\s*([^=]+)=(not\.)?(\w+)\.([\s\S]*)$/.exec(text);
  if (!match) return undefined;
  const [, name = '', not, operator = '', value = ''] = match;
  const column = columns.find((candidate) => candidate.name === name);
  if (!column) return undefined;
  const test = parseTest(operator, value, column.type);
  if (!test) return undefined;
  return (row) => {
    // A deleted row consists of its key: it passes filters on other columns.
    if (!(name in row)) return true;
    // Looking through a long text takes too long: the change passes.
    if (operator.endsWith('like') && String(row[name]).length > longestText) return true;
    // As in SQL, a comparison with null is neither true nor false, so its negation is not true.
    if (not && row[name] === null && !operator.startsWith('is')) return false;
    return test(row[name]) !== (not !== undefined);
  };
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  eq: (sign) => sign === 0,
  neq: (sign) => sign !== 0,
  lt: (sign) => sign < 0,
  lte: (sign) => sign <= 0,
  gt: (sign) => sign > 0,
  gte: (sign) => sign >= 0,
};

function parseTest(operator: string, raw: string, type: string): ((value: unknown) => boolean) | undefined {
  const right = comparable(unquote(raw), type);
  const isWanted = Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined;
  if (isWanted) return (value) => value !== null && isWanted(order(comparable(value, type), right));
  switch (operator) {
    case 'isdistinct':
      return (value) => value === null || order(comparable(value, type), right) !== 0;
    case 'in': {
      const items = splitOutside(raw.replace(/^\(([\s\S]*)\)$/, '$1'), ',');
      // A value that is no number equals nothing, not even itself.
      const list = new Set(
        items.map((item) => comparable(unquote(item), type)).filter((item) => !Number.isNaN(item)),
      );
      return (value) => value !== null && list.has(comparable(value, type));
    }
    case 'is': {
      const wanted = { null: null, true: true, false: false }[raw];
      return wanted === undefined ? undefined : (value) => value === wanted;
    }
    case 'like':
    case 'ilike': {
      const pattern = unquote(raw);
      if (pattern.length > longestPattern) return undefined;
      const fold = (text: string) => (operator === 'like' ? text : text.toLowerCase());
      return (value) => value !== null && isLike(fold(String(value)), fold(pattern));
    }
    default:
      return undefined;
  }
}

type Comparable = string | number | bigint;

function comparable(value: unknown, type: string): Comparable {
  const text = String(value);
  if (numeric.test(type)) return Number(text);
  if (temporal.test(type)) return new Date(text).getTime();
  return type === 'uuid' ? text.toLowerCase() : text;
}

function order(left: Comparable, right: Comparable): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** Matches `%` and `_` of LIKE. A regular expression would take exponential time on a pattern of many `%`. */
function isLike(text: string, pattern: string): boolean {
  let at = 0;
  let inPattern = 0;
  let afterPercent = -1;
  let retryAt = 0;
  while (at < text.length) {
    const wanted = pattern[inPattern];
    if (wanted === '%') {
      inPattern += 1;
      afterPercent = inPattern;
      retryAt = at;
    } else if (wanted !== undefined && (wanted === '_' || wanted === text[at])) {
      at += 1;
      inPattern += 1;
    } else if (afterPercent >= 0) {
      // The last `%` matches one more character.
      retryAt += 1;
      at = retryAt;
      inPattern = afterPercent;
    } else {
      return false;
    }
  }
  return /^%*$/.test(pattern.slice(inPattern));
}

function unquote(text: string): string {
  const match = /^\s*"([\s\S]*)"\s*$/.exec(text);
  return match?.[1] === undefined ? text : match[1].replace(/\\(.)/g, '$1');
}

/** Splits at separators outside quotes and parentheses. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quoted && character === '\\') {
      part += character + text.charAt(at + 1);
      at += 1;
      continue;
    }
    if (character === '"') quoted = !quoted;
    else if (!quoted && character === '(') depth += 1;
    else if (!quoted && character === ')') depth -= 1;
    if (character === separator && !quoted && depth === 0) {
      parts.push(part);
      part = '';
    } else {
      part += character;
    }
  }
  return [...parts, part];
}

import pg from 'pg';

type Parse = (text: string) => unknown;

const {
  BOOL,
  INT2,
  INT4,
  INT8,
  OID,
  FLOAT4,
  FLOAT8,
  NUMERIC,
  JSON: JSON_TEXT,
  JSONB,
  TIMESTAMP,
  TIMESTAMPTZ,
} = pg.types.builtins;
const textArray: number = 1009;
const parseTextArray: (text: string) => readonly unknown[] = pg.types.getTypeParser(textArray, 'text');

const asText: Parse = (text) => text;
const asBoolean: Parse = (text) => text === 't';
const asNumber: Parse = (text) => (Number.isFinite(Number(text)) ? Number(text) : text);
const asInstant: Parse = (text) => text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');

/** Types by their parser, and the types of arrays of them in the same order. */
const types: readonly (readonly [parse: Parse, elements: readonly number[], arrays: readonly number[]])[] = [
  [asBoolean, [BOOL], [1000]],
  [asNumber, [INT2, INT4, INT8, OID, FLOAT4, FLOAT8, NUMERIC], [1005, 1007, 1016, 1028, 1021, 1022, 1231]],
  [JSON.parse, [JSON_TEXT, JSONB], [199, 3807]],
  [asInstant, [TIMESTAMP, TIMESTAMPTZ], [1115, 1185]],
  // Arrays of "char", name, text, varchar, date and uuid.
  [asText, [], [1002, 1003, textArray, 1015, 1182, 2951]],
];
const elements = new Map(
  types.flatMap(([parse, ofElement]) => ofElement.map((type) => [type, parse] as const)),
);
const arrays = new Map(types.flatMap(([parse, , ofArray]) => ofArray.map((type) => [type, parse] as const)));

/** Returns the parser of a column type. Values look in JSON as PostgREST prints them; other types stay text. */
export function parserOf(type: number): Parse {
  const ofElement = arrays.get(type);
  if (!ofElement) return elements.get(type) ?? asText;
  const each = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(each);
    return typeof value === 'string' ? ofElement(value) : value;
  };
  return (text) => parseTextArray(text).map(each);
}

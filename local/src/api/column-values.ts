import pg from 'pg';

type Parse = (text: string) => unknown;

const oid = {
  bool: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  jsonb: 3802,
} as const;

const textArray: number = 1009;
const parseTextArray: (text: string) => readonly unknown[] = pg.types.getTypeParser(textArray, 'text');

const asText: Parse = (text) => text;
const asNumber: Parse = (text) => (Number.isFinite(Number(text)) ? Number(text) : text);
const asInstant: Parse = (text) => text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');

const elements: Readonly<Record<number, Parse>> = {
  [oid.bool]: (text) => text === 't',
  [oid.int2]: asNumber,
  [oid.int4]: asNumber,
  [oid.int8]: asNumber,
  [oid.oid]: asNumber,
  [oid.float4]: asNumber,
  [oid.float8]: asNumber,
  [oid.numeric]: asNumber,
  [oid.json]: JSON.parse,
  [oid.jsonb]: JSON.parse,
  [oid.timestamp]: asInstant,
  [oid.timestamptz]: asInstant,
};

/** Parsers of array elements by array type; 1002, 1003 and 1009 are "char"[], name[] and text[]. */
const arrays: Readonly<Record<number, Parse>> = {
  199: JSON.parse,
  1000: (text) => text === 't',
  1002: asText,
  1003: asText,
  1005: asNumber,
  1007: asNumber,
  1009: asText,
  1015: asText,
  1016: asNumber,
  1021: asNumber,
  1022: asNumber,
  1028: asNumber,
  1115: asInstant,
  1182: asText,
  1185: asInstant,
  1231: asNumber,
  2951: asText,
  3807: JSON.parse,
};

/** Returns the parser of a column type. Values look in JSON as PostgREST prints them; other types stay text. */
export function parserOf(type: number): Parse {
  const ofElement = arrays[type];
  if (!ofElement) return elements[type] ?? asText;
  const each = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(each);
    return typeof value === 'string' ? ofElement(value) : value;
  };
  return (text) => parseTextArray(text).map(each);
}

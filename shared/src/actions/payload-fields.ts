import { z } from 'zod';
import { HqError } from '../errors.ts';
import { parseJson } from '../text/json.ts';
import type { Action } from './action.ts';

const field = z
  .object({
    type: z.string().default('text'),
    title: z.string().optional(),
    description: z.string().default(''),
    enum: z.array(z.string()).default([]),
    default: z.unknown().optional(),
    minimum: z.number().nullable().default(null),
    maximum: z.number().nullable().default(null),
    maxLength: z.number().nullable().default(null),
  })
  .transform(({ title, enum: choices, default: fallback, minimum: min, maximum: max, ...rest }) => ({
    ...rest,
    title,
    choices,
    fallback: fallback === undefined || String(fallback) === '' ? null : String(fallback),
    min,
    max,
  }));
const payloadSchema = z.object({
  properties: z.record(z.string(), field).default({}),
  required: z.array(z.string()).default([]),
});

/** One field of an action's payload, as people set it. */
export type PayloadField = Readonly<z.output<typeof field>> & {
  readonly name: string;
  /** The label in forms, such as `Monthly limit in USD`. */
  readonly label: string;
  readonly isRequired: boolean;
};

const known = new WeakMap<Action, readonly PayloadField[]>();

export function payloadFields(action: Action): readonly PayloadField[] {
  const before = known.get(action);
  if (before !== undefined) return before;
  const { properties, required } = payloadSchema.parse(z.toJSONSchema(action.payload, { io: 'input' }));
  const fields = Object.entries(properties).map(([name, schema]) => ({
    ...schema,
    name,
    label: schema.title ?? labelOf(name),
    isRequired: required.includes(name),
  }));
  known.set(action, fields);
  return fields;
}

/** Parses an action's payload from text values. Errors have the code `usage` and name the field. */
export function readPayload(
  name: string,
  action: Action,
  written: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const fields = payloadFields(action);
  const values: Record<string, unknown> = {};
  for (const [key, text] of Object.entries(written)) {
    const field = fields.find((one) => one.name === key);
    if (field === undefined) {
      throw new HqError('usage', `${name} has no field “${key}”.`, {
        field: key,
        hint: describeFields(name, fields),
      });
    }
    values[key] = coerce(field, text);
  }
  const missing = fields.find((field) => field.isRequired && !Object.hasOwn(values, field.name));
  if (missing !== undefined) {
    throw new HqError('usage', `Missing field ${missing.name}: set ${syntaxOf(missing)}.`, {
      field: missing.name,
      hint: describeFields(name, fields),
    });
  }
  const parsed = action.payload.safeParse(values);
  if (parsed.success) return parsed.data;
  const [fault] = parsed.error.issues;
  const at = String(fault?.path[0] ?? 'payload');
  const field = fields.find((one) => one.name === at);
  throw new HqError('usage', `${fault === undefined ? 'The value is not allowed' : sentenceOf(fault)}.`, {
    field: at,
    hint: field === undefined ? describeFields(name, fields) : `Set ${describeField(field)}.`,
  });
}

/** Returns what is wrong with a value, without the value: it may be a credential in the wrong field. */
function sentenceOf(fault: z.core.$ZodIssue): string {
  const position = fault.path[1];
  if (typeof position === 'number') return `Entry ${position + 1}: ${fault.message}`;
  if (fault.code === 'invalid_value') return `It is none of ${fault.values.join(', ')}`;
  if (fault.code === 'too_small' && fault.origin === 'string') {
    return fault.minimum === 1 ? 'It is empty' : `It needs ${fault.minimum} characters or more`;
  }
  if (fault.code === 'too_big' && fault.origin === 'string')
    return `It has more than ${fault.maximum} characters`;
  return fault.message;
}

/** Text in the field's own type. */
function coerce(field: PayloadField, text: string): unknown {
  switch (field.type) {
    case 'integer':
    case 'number':
      if (!/^-?\d+(\.\d+)?$/.test(text)) throw notA('a number', field, text);
      return Number(text);
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw notA('true or false', field, text);
      return text === 'true';
    case 'array':
      return text === '' ? [] : text.split(',');
    case 'object':
      if (parseJson(text) === undefined) throw notA('a JSON object', field, text);
      return parseJson(text);
    default:
      return text;
  }
}

function notA(kind: string, field: PayloadField, text: string): HqError {
  return new HqError('usage', `“${text}” is not ${kind}.`, {
    field: field.name,
    hint: `Set ${describeField(field)}.`,
  });
}

export function describeField(field: PayloadField): string {
  const rest = [
    field.description,
    field.isRequired ? 'required' : '',
    field.fallback === null ? '' : `default ${field.fallback}`,
  ].filter((part) => part !== '');
  return `${syntaxOf(field)}${rest.length === 0 ? '' : `  ${rest.join('; ')}`}`;
}

/** Names the fields of an action; `hq-tui run <action> --help` describes them. */
export function describeFields(name: string, fields: readonly PayloadField[]): string {
  if (fields.length === 0) return `${name} takes no fields.`;
  return `${name} takes ${fields.map((field) => field.name).join(', ')}.`;
}

/** `title=<string>`, or `priority=<low|high>` for a choice. */
function syntaxOf({ name, choices, type }: PayloadField): string {
  return `${name}=<${choices.length > 0 ? choices.join('|') : type}>`;
}

function labelOf(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

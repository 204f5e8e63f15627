import { type Action, type ActionName, catalogue } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';

const fieldSchema = z.object({
  type: z.string().optional(),
  description: z.string().optional(),
  enum: z.array(z.string()).optional(),
  default: z.unknown(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});
const payloadSchema = z.object({
  properties: z.record(z.string(), fieldSchema).default({}),
  required: z.array(z.string()).default([]),
});

/** One field of an action's payload, as a person sets it. */
export interface PayloadField {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string;
  readonly choices: readonly string[];
  readonly fallback: string | null;
}

export function payloadFields(name: ActionName): PayloadField[] {
  const action: Action = catalogue[name];
  const { properties, required } = payloadSchema.parse(z.toJSONSchema(action.payload, { io: 'input' }));
  return Object.entries(properties).map(([field, schema]) => ({
    name: field,
    type: schema.type ?? 'text',
    isRequired: required.includes(field),
    description: schema.description ?? '',
    choices: schema.enum ?? [],
    fallback: schema.default === undefined ? null : String(schema.default),
  }));
}

/** Makes an action's payload from `field=value` settings. Errors name the field. */
export function parsePayload(name: ActionName, settings: readonly string[]): Record<string, unknown> {
  const fields = payloadFields(name);
  const values: Record<string, unknown> = {};
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const field = at < 0 ? setting : setting.slice(0, at);
    if (at < 1) {
      throw new HqError('usage', `“${setting}” is not of the form field=value.`, { field: '--set' });
    }
    const known = fields.find((one) => one.name === field);
    if (known === undefined) {
      throw new HqError('usage', `${name} has no field “${field}”.`, {
        field,
        hint: tellFields(name, fields),
      });
    }
    if (Object.hasOwn(values, field)) {
      throw new HqError('usage', 'It is set twice.', { field });
    }
    values[field] = coerce(known, setting.slice(at + 1));
  }
  const action: Action = catalogue[name];
  const parsed = action.payload.safeParse(values);
  if (parsed.success) return parsed.data;
  const [fault] = parsed.error.issues;
  throw new HqError('usage', `${fault?.message ?? 'The value is not allowed'}.`, {
    field: fault?.path.join('.') ?? 'payload',
    hint: tellFields(name, fields),
  });
}

/** Text from a command line in the field's own type. */
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
      return parseJson(field, text);
    default:
      return text;
  }
}

function parseJson(field: PayloadField, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notA('a JSON object', field, text);
  }
}

function notA(kind: string, field: PayloadField, text: string): HqError {
  return new HqError('usage', `“${text}” is not ${kind}.`, {
    field: field.name,
    hint: `It is ${tellField(field)}.`,
  });
}

export function tellField(field: PayloadField): string {
  const kind = field.choices.length > 0 ? field.choices.join('|') : field.type;
  const rest = [
    field.description,
    field.isRequired ? 'required' : '',
    field.fallback === null ? '' : `default ${field.fallback}`,
  ].filter((part) => part !== '');
  return `${field.name}=<${kind}>${rest.length === 0 ? '' : `  ${rest.join('; ')}`}`;
}

function tellFields(name: ActionName, fields: readonly PayloadField[]): string {
  if (fields.length === 0) return `${name} takes no --set.`;
  return `${name} takes ${fields.map(tellField).join(', ')}.`;
}

import { type Action, catalogue } from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';
import { type ActionRules, webProductActions } from './web-product-actions.ts';

/** Keywords that `hq.find_fault` understands; `default`, `title`, `description` and `$schema` allow and forbid nothing. */
const understood = new Set([
  ...[
    'type',
    'enum',
    'const',
    'minimum',
    'maximum',
    'minLength',
    'maxLength',
    'maxItems',
    'pattern',
    'required',
    'properties',
  ],
  ...['additionalProperties', 'items', 'default', 'title', 'description', '$schema'],
]);

function refuseUnknownKeywords(schema: unknown, action: string): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [keyword, value] of Object.entries(schema)) {
    if (!understood.has(keyword)) {
      throw new HqError(
        'usage',
        `the payload of ${action} uses "${keyword}", which the database cannot check`,
        {
          hint: 'Say it with what hq.find_fault understands, or teach it the keyword in a migration.',
        },
      );
    }
    if (keyword === 'type' && typeof value !== 'string') {
      throw new HqError('usage', `the payload of ${action} has a value of several types`, {
        hint: 'Give each type a field of its own: hq.find_fault checks one.',
      });
    }
    if (keyword === 'properties') {
      for (const property of Object.values(value)) refuseUnknownKeywords(property, action);
    }
    if (keyword === 'items') refuseUnknownKeywords(value, action);
  }
}

/** The payload's shape as the guard reads it. Throws `usage` for a shape that the guard could not hold. */
export function payloadSchema(payload: z.ZodObject, action: string): unknown {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(payload, { io: 'input' });
  refuseUnknownKeywords(schema, action);
  return schema;
}

/** A row of `hq.actions`. */
function rowOf(name: string, action: ActionRules, payload_schema: unknown, served: boolean) {
  return {
    name,
    title: action.title,
    target: action.target,
    executor: action.executor,
    danger: action.danger,
    role: action.role,
    lane: action.lane,
    retry: action.retry,
    max_attempts: action.maxAttempts,
    timeout_seconds: action.timeoutSeconds,
    while_paused: action.whilePaused,
    payload_schema,
    served,
  };
}

/** The catalogue as the database keeps it. An action that is served here wins over the web product's entry. */
export function actionRows() {
  const rows = new Map(
    Object.entries(webProductActions).map(([name, action]) => [name, rowOf(name, action, {}, false)]),
  );
  for (const [name, action] of Object.entries<Action>(catalogue)) {
    rows.set(name, rowOf(name, action, payloadSchema(action.payload, name), true));
  }
  return [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

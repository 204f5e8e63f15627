import { type Action, type ActionName, actionNames, catalogue } from '@hq/shared/actions';
import { z } from 'zod';

const dangerWords: Record<Action['danger'], string> = {
  read: 'reads only; sent at once',
  reversible: 'can be taken back; sent at once',
  disruptive: 'interrupts work; asks for a yes',
  destructive: 'cannot be taken back; asks for the typed name',
};
const laneWords: Record<Action['lane'], string> = {
  stack: 'one at a time on a gateway',
  agent: 'one at a time for an agent',
  none: 'beside anything, ahead of what waits',
};

const fieldSchema = z.object({
  description: z.string().optional(),
  default: z.unknown().optional(),
  type: z.string().optional(),
});
const payloadSchema = z.object({
  properties: z.record(z.string(), fieldSchema),
  required: z.array(z.string()).optional(),
});

function payloadLines(action: Action): readonly string[] {
  const { properties, required = [] } = payloadSchema.parse(z.toJSONSchema(action.payload, { io: 'input' }));
  return Object.entries(properties).map(([name, field]) => {
    const fallback =
      field.default === undefined ? 'optional' : `default \`${JSON.stringify(field.default)}\``;
    const need = required.includes(name) ? 'required' : fallback;
    return `  - \`${name}\` (${field.type ?? 'value'}, ${need}): ${field.description ?? ''}`;
  });
}

function entry(name: ActionName): string {
  const action: Action = catalogue[name];
  const retry =
    action.retry === 'safe'
      ? `started again if its runner dies, ${action.maxAttempts} attempts at most`
      : 'never started twice';
  const payload = payloadLines(action);
  return [
    `## \`${name}\`: ${action.title}`,
    '',
    action.summary,
    '',
    `- Target: ${action.target}; role: ${action.role} or higher`,
    `- Danger: ${action.danger} (${dangerWords[action.danger]})`,
    ...(action.executor === 'database'
      ? ['- Done by the database itself, before the answer comes']
      : [
          `- Runs ${laneWords[action.lane]}; time limit ${action.timeoutSeconds} s; ${retry}`,
          `- A paused gateway ${action.whilePaused ? 'still runs it' : 'leaves it waiting'}`,
        ]),
    ...(action.undo === undefined ? [] : [`- Undone by \`${action.undo}\``]),
    ...(payload.length === 0 ? ['- Payload: none'] : ['- Payload:', ...payload]),
    '',
  ].join('\n');
}

/** docs/actions.md: what an operator can do, from the catalogue. */
export function actionsPage(): string {
  return [
    '# Actions',
    '',
    'Made from `shared/src/actions/catalogue.ts` by `npm run generate`. Each action is also a one-shot command:',
    '`hq-tui run ACTION [--gateway G] [--agent A] [--set field=value …]`.',
    '',
    ...actionNames.map(entry),
  ].join('\n');
}

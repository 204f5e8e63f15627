import { type Action, type ActionName, actionNames, catalogue } from '@hq/shared/actions';
import { z } from 'zod';

const dangerWords: Record<Action['danger'], string> = {
  read: 'reads only; runs without a question',
  reversible: 'can be undone; runs without a question',
  disruptive: 'interrupts work; asks for confirmation',
  destructive: 'cannot be undone; asks for the typed name',
};
const laneWords: Record<Action['lane'], string> = {
  stack: 'one at a time on a gateway',
  agent: 'one at a time for an agent',
  none: 'beside any other command, before those that wait',
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
      ? `starts again if its runner dies, at most ${action.maxAttempts} attempts`
      : 'never starts twice';
  const payload = payloadLines(action);
  return [
    `## \`${name}\`: ${action.title}`,
    '',
    action.summary,
    '',
    `- Target: ${action.target}; role: ${action.role} or higher`,
    `- Danger: ${action.danger} (${dangerWords[action.danger]})`,
    ...(action.executor === 'database'
      ? ['- The database runs it while it inserts the command']
      : [
          `- Runs ${laneWords[action.lane]}; time limit ${action.timeoutSeconds} s; ${retry}`,
          `- On a paused gateway it ${action.whilePaused ? 'still runs' : 'waits'}`,
        ]),
    ...(action.undo === undefined ? [] : [`- Undone by \`${action.undo}\``]),
    ...(payload.length === 0 ? ['- Payload: none'] : ['- Payload:', ...payload]),
    '',
  ].join('\n');
}

/** Returns docs/actions.md: every action of the catalogue. */
export function actionsPage(): string {
  return [
    '# Actions',
    '',
    'Everything an operator can do. `npm run generate` makes this page from `shared/src/actions/entries/`. To run an action:',
    '`hq-tui run ACTION [--gateway G] [--agent A] [--set field=value …]`.',
    '',
    ...actionNames.map(entry),
  ].join('\n');
}

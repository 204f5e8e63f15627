import { z } from 'zod';
import type { Handler } from '../handler.ts';
import { payloadOf } from '../openclaw-call.ts';

const catalog = z.object({
  models: z.array(
    z.object({
      id: z.string(),
      provider: z.string().default(''),
      name: z.string().optional(),
      available: z.boolean().optional(),
    }),
  ),
});

/** A row of the database holds this many. */
const mostModels = 300;

export const listModels: Handler<'list_models'> = async ({ provider }, { stack, output, signal }) => {
  // Without a refresh OpenClaw lists what it needed so far. It asks only providers whose key it has.
  const [answer] = await stack.gateway.calls(
    [{ method: 'models.list', params: { view: 'all', refresh: true } }],
    signal,
  );
  const models = catalog
    .parse(payloadOf(answer))
    .models.filter((model) => provider === undefined || model.provider === provider)
    .map(({ id, provider: owner, name, available }) => {
      const whole = owner === '' || id.startsWith(`${owner}/`) ? id : `${owner}/${id}`;
      return { id: whole, name: name ?? whole, available: available ?? false };
    })
    .sort((a, b) => Number(b.available) - Number(a.available) || a.id.localeCompare(b.id, 'en'));
  for (const { id, name, available } of models.slice(0, mostModels)) {
    output.line(`${available ? 'key there' : 'no key   '}  ${id}  ${name}`);
  }
  return { models: models.slice(0, mostModels), total: models.length };
};

import { modelServerProvider } from '@hq/shared/secrets';
import type { JsonObject } from './config-patch.ts';
import { objectAt } from './json-objects.ts';

export interface ModelOptions {
  /** Port of the model server of a rehearsal; null without one. */
  readonly rehearsalPort: number | null;
  /** Server with OpenAI's protocol whose model is the default; null without one. */
  readonly modelServer: { readonly baseUrl: string; readonly model: string } | null;
}

/** Model of a rehearsal. */
const rehearsalModel = 'rehearsal/script';

/** Returns the providers that HQ configures itself, and the default model where it is HQ's or missing. */
export function modelSettings(current: JsonObject, options: ModelOptions): JsonObject {
  const { rehearsalPort, modelServer } = options;
  const providers = objectAt(objectAt(current, 'models'), 'providers');
  const defaultModel = defaultModelOf(current, options);
  return {
    models: {
      providers: {
        rehearsal: rehearsalPort === null ? null : rehearsalProvider(rehearsalPort),
        ...(modelServer === null
          ? {}
          : { [modelServerProvider]: serverProvider(objectAt(providers, modelServerProvider), modelServer) }),
      },
    },
    ...(defaultModel === undefined ? {} : { agents: { defaults: { model: defaultModel } } }),
  };
}

/** Returns undefined where the default model stays, and null where it is removed. */
function defaultModelOf(
  current: JsonObject,
  { rehearsalPort, modelServer }: ModelOptions,
): JsonObject | null | undefined {
  const defaults = objectAt(objectAt(current, 'agents'), 'defaults');
  const primary = objectAt(defaults, 'model').primary ?? defaults.model;
  const isOfServer = typeof primary === 'string' && primary.startsWith(`${modelServerProvider}/`);
  const isOfHq = primary === undefined || primary === rehearsalModel || isOfServer;
  if (!isOfHq) return undefined;
  if (modelServer !== null) return { primary: `${modelServerProvider}/${modelServer.model}` };
  if (isOfServer) return undefined;
  if (rehearsalPort !== null) return primary === undefined ? { primary: rehearsalModel } : undefined;
  return primary === rehearsalModel ? null : undefined;
}

function rehearsalProvider(port: number): JsonObject {
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: 'rehearsal',
    api: 'openai-completions',
    models: [{ ...freeModel('script', 'Rehearsal: a script answers, no model'), contextWindow: 200_000 }],
  };
}

/** Keeps the key that is there: the runner stores it by a call to OpenClaw. A server without one gets a word in its place. */
function serverProvider(
  current: JsonObject,
  { baseUrl, model }: NonNullable<ModelOptions['modelServer']>,
): JsonObject {
  return {
    baseUrl,
    ...(current.apiKey === undefined ? { apiKey: 'none' } : {}),
    api: 'openai-completions',
    models: [{ ...freeModel(model, model), contextWindow: 128_000 }],
  };
}

/** Describes a model whose price is not known. */
const freeModel = (id: string, name: string) => ({
  id,
  name,
  reasoning: false,
  input: ['text'],
  cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
  maxTokens: 8_192,
});

import { codeOf, HqError } from '@hq/shared/errors';
import { z } from 'zod';

/** A server with OpenAI's protocol, such as Ollama, and the model of it that agents use. */
export const modelServer = z.object({ baseUrl: z.string(), model: z.string() });
export type ModelServer = z.output<typeof modelServer>;

/** Variables of `npm start` that name it. */
const addressName = 'OPENAI_BASE_URL';
const modelName = 'OPENAI_MODEL';
const keyName = 'OPENAI_API_KEY';

const checkMs = 5_000;
/** Models that a sentence names. */
const mostNamed = 8;

const modelList = z.object({ data: z.array(z.object({ id: z.string() })).nullish() });

/** Returns the server that the variables name, or null. Asks it for its models; throws `HqError` with the variable at fault. */
export async function readModelServer(variables: NodeJS.ProcessEnv): Promise<ModelServer | null> {
  const address = variables[addressName]?.trim() ?? '';
  if (address === '') return null;
  const baseUrl = parsedAddress(address);
  const models = await listModels(baseUrl, variables[keyName]?.trim() ?? '');
  return { baseUrl, model: chosenModel(baseUrl, models, variables[modelName]?.trim() ?? '') };
}

/** Returns why a server cannot be used now, as a sentence; null where it answers. */
export async function problemOf({ baseUrl }: ModelServer, key: string): Promise<string | null> {
  try {
    await listModels(baseUrl, key);
    return null;
  } catch (error) {
    if (error instanceof HqError) return error.message;
    throw error;
  }
}

function parsedAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  const isUsable =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '';
  if (isUsable) return url.href.replace(/\/+$/, '');
  throw fault('usage', addressName, 'is no http(s) address without a password and a query.', {
    hint: 'Give the address of the API, such as http://127.0.0.1:11434/v1 for Ollama.',
  });
}

/** Returns the ids of the models; null where the server has no list of them. */
async function listModels(baseUrl: string, key: string): Promise<readonly string[] | null> {
  const response = await ask(`${baseUrl}/models`, key);
  const { status } = response;
  if (status === 401 || status === 403) {
    const said =
      key === ''
        ? `is not set, and ${baseUrl} asks for a key.`
        : `holds a key that ${baseUrl} refuses (HTTP ${status}).`;
    throw fault('unauthenticated', keyName, said, { hint: 'Set the key of this server.' });
  }
  if (status === 404) {
    if (/\/v\d/.test(baseUrl)) return null;
    throw fault('not_found', addressName, `leads to no API: ${baseUrl}/models is not there (HTTP 404).`, {
      hint: 'Most addresses end with /v1.',
    });
  }
  if (!response.ok) {
    throw fault('unreachable', addressName, `cannot be used: ${baseUrl}/models answers HTTP ${status}.`, {
      hint: 'Look at the log of the model server.',
    });
  }
  const { data: list } = modelList.safeParse(await response.json().catch(() => null));
  if (list !== undefined) return list.data?.map(({ id }) => id) ?? null;
  throw fault('failed', addressName, `leads to no API of OpenAI’s form: ${baseUrl}/models has no list.`, {
    hint: 'Most addresses end with /v1.',
  });
}

async function ask(url: string, key: string): Promise<Response> {
  try {
    const headers = key === '' ? {} : { authorization: `Bearer ${key}` };
    return await fetch(url, { headers, signal: AbortSignal.timeout(checkMs) });
  } catch (cause) {
    const { cause: inner } = cause instanceof Error ? cause : {};
    const isLate = cause instanceof Error && cause.name === 'TimeoutError';
    const reason = isLate ? `no answer within ${checkMs / 1_000} s` : (codeOf(inner) ?? 'no connection');
    throw fault('unreachable', addressName, `cannot be reached: ${url} (${reason}).`, {
      hint: 'Start the model server, or correct the address.',
      cause,
    });
  }
}

function chosenModel(baseUrl: string, models: readonly string[] | null, wanted: string): string {
  const known = models ?? [];
  const named = known.slice(0, mostNamed).join(', ') + (known.length > mostNamed ? ' …' : '');
  if (wanted !== '') {
    if (known.length === 0 || known.includes(wanted)) return wanted;
    throw fault('not_found', modelName, `names ${wanted}, which ${baseUrl} does not have.`, {
      hint: `It has ${named}.`,
    });
  }
  const [only] = known;
  if (only !== undefined && known.length === 1) return only;
  throw fault('usage', modelName, `is not set, and ${baseUrl} does not have exactly one model.`, {
    hint: only === undefined ? 'It lists none: load one, or name one.' : `Name one of ${named}.`,
  });
}

function fault(
  code: HqError['code'],
  field: string,
  said: string,
  more: { readonly hint: string; readonly cause?: unknown },
): HqError {
  return new HqError(code, `${field} ${said}`, { field, ...more });
}

/**
 * Calls OpenClaw's gateway on the loopback of its own host, where its token gives full rights. The caller writes
 * `{"calls": [{"method", "params"}]}` as one line to standard input, so that no secret is in an argument, and reads one line:
 * `{"answers": [...]}` in the order of the calls, or `{"away": reason}`.
 *
 *     node call-openclaw.ts [port]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

interface Call {
  readonly method: string;
  readonly params: unknown;
}

type Answer =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly code: string; readonly message: string };

const openMs = 10_000;
const answerMs = 60_000;

const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

/** Connection that sends one request at a time. */
class OpenClaw {
  readonly #socket: WebSocket;
  #nextId = 1;
  #receive: (frame: Readonly<Record<string, unknown>>) => void = () => undefined;
  readonly #gone: Promise<never>;

  constructor(port: number) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}`);
    this.#gone = new Promise((_resolve, reject) => {
      this.#socket.onclose = ({ code, reason }) =>
        reject(new Error(`the gateway closed the connection (${code} ${reason})`));
    });
    // Prevents an unhandled rejection while no call waits.
    this.#gone.catch(() => undefined);
    this.#socket.onmessage = ({ data }) => this.#receive(record(JSON.parse(String(data))));
  }

  async open(token: string): Promise<void> {
    await this.#receiveMatching((frame) => frame.event === 'connect.challenge', openMs);
    const answer = await this.call({
      method: 'connect',
      params: {
        minProtocol: 4,
        maxProtocol: 4,
        client: { id: 'gateway-client', version: '1', platform: process.platform, mode: 'backend' },
        role: 'operator',
        scopes: ['operator.admin', 'operator.read', 'operator.write'],
        auth: { token },
      },
    });
    if (!answer.ok) throw new Error(`the gateway refuses the connection: ${answer.message}`);
  }

  async call({ method, params }: Call): Promise<Answer> {
    const id = String(this.#nextId++);
    this.#socket.send(JSON.stringify({ type: 'req', id, method, params }));
    const frame = await this.#receiveMatching((frame) => frame.type === 'res' && frame.id === id, answerMs);
    if (frame.ok === true) return { ok: true, payload: frame.payload };
    const { code, message } = record(frame.error);
    return { ok: false, code: String(code), message: String(message) };
  }

  close(): void {
    this.#socket.close();
  }

  async #receiveMatching(
    matches: (frame: Readonly<Record<string, unknown>>) => boolean,
    limitMs: number,
  ): Promise<Readonly<Record<string, unknown>>> {
    let timer: NodeJS.Timeout | undefined;
    const matching = new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error('the gateway did not answer in time')), limitMs);
      this.#receive = (frame) => {
        if (matches(frame)) resolve(frame);
      };
    });
    try {
      return await Promise.race([matching, this.#gone]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Creates a profile with a name of its own by OpenClaw's command line, which reads the key from a pipe. */
async function setProfile({
  provider,
  apiKey,
  agentId,
  profile,
}: Readonly<Record<string, unknown>>): Promise<Answer> {
  const description = findPackageJSON('openclaw', import.meta.url) ?? '';
  const program = join(dirname(description), 'openclaw.mjs');
  const args = [
    'models',
    'auth',
    'paste-api-key',
    '--provider',
    String(provider),
    '--profile-id',
    String(profile),
  ];
  const cli = spawn(process.execPath, [program, ...args, '--agent', String(agentId)], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const ended = once(cli, 'close');
  let errorOutput = '';
  cli.stderr.on('data', (bytes: Buffer) => {
    errorOutput = `${errorOutput}${bytes.toString()}`.slice(-2_000);
  });
  // A process that ended before it read the key wrote the reason to stderr.
  cli.stdin.on('error', () => cli.stdin.destroy());
  cli.stdin.end(`${String(apiKey)}\n`);
  const [code] = await ended;
  if (code === 0) return { ok: true, payload: { provider, profileId: profile } };
  return { ok: false, code: `EXIT_${code}`, message: errorOutput.trim().split('\n').at(-1) ?? '' };
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}

async function answersOf(calls: readonly Call[], port: number): Promise<object> {
  const token = await readFile(join(process.env.OPENCLAW_STATE_DIR ?? '', 'gateway-token'), 'utf8');
  const openclaw = new OpenClaw(port);
  try {
    await openclaw.open(token.trim());
    const answers: Answer[] = [];
    for (const call of calls) {
      const isProfile = call.method === 'hq.authSetProfile';
      answers.push(await (isProfile ? setProfile(record(call.params)) : openclaw.call(call)));
    }
    return { answers };
  } finally {
    openclaw.close();
  }
}

const port = Number(process.argv[2] ?? 18_789);
const { calls } = record(JSON.parse(await firstLine()));
const requests = Array.isArray(calls)
  ? calls.map(record).map(({ method, params }) => ({ method: String(method), params: params ?? {} }))
  : [];
const output = await answersOf(requests, port).catch((error: unknown) => ({
  away: error instanceof Error ? error.message : 'the gateway cannot be reached',
}));
process.stdout.write(`${JSON.stringify(output)}\n`, () => process.exit());

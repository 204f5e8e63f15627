import { isMainThread, parentPort } from 'node:worker_threads';
import { HqError } from '@hq/shared/errors';
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { createBirpc } from 'birpc';
import { LRUCache } from 'lru-cache';
import type { PlatformModule } from '../contract/adapter.ts';
import type { Receiver, Reply } from '../contract/inbound.ts';
import type { CoreFunctions, WorkerFunctions } from './worker-protocol.ts';

/** Milliseconds; platforms take answers for a quarter of an hour at most. */
const replyLifetimeMs = 1_200_000;
const maxReplies = 20_000;
const healthEveryMs = 1_000;
const gone = { ok: false, problem: { kind: 'gone' } } as const;

/** Runs one adapter in this worker thread, for the core in the main thread. */
export async function serveAdapter(module: PlatformModule, env: NodeJS.ProcessEnv): Promise<void> {
  if (isMainThread || parentPort === null) throw new Error('an adapter is served in a worker thread');
  const port = parentPort;
  const configured = module.configure(env);
  if (configured === null) throw new HqError('usage', `${module.platform} is not configured.`);
  const log = createLog(env.LOG_LEVEL ?? 'info', createRedactor(configured.secrets)).child({
    platform: module.platform,
  });
  const adapter = await configured.create({ log });
  const replies = new LRUCache<number, Reply>({ max: maxReplies, ttl: replyLifetimeMs });
  let deliveries = 0;

  const receiver: Receiver = {
    receive(inbound, reply) {
      deliveries += 1;
      replies.set(deliveries, reply);
      return core.receive(deliveries, inbound);
    },
    complete: (sender, request) => core.complete(sender, request),
  };
  const functions: WorkerFunctions = {
    async start() {
      // The core has set its own record back.
      reported = '';
      await adapter.start(receiver).finally(reportHealth);
    },
    stop: () => adapter.stop(),
    send: (...args) => adapter.send(...args),
    edit: (...args) => adapter.edit(...args),
    file: (...args) => adapter.file(...args),
    describeCommands: (...args) => adapter.describeCommands(...args),
    reply: async (delivery, card, options) => (await replies.get(delivery)?.send(card, options)) ?? gone,
  };
  const core = createBirpc<CoreFunctions, WorkerFunctions>(functions, {
    post: (message) => port.postMessage(message),
    on: (listener) => port.on('message', listener),
    eventNames: ['ready', 'health'],
    // During a stop the core leaves deliveries unacknowledged.
    timeout: -1,
  });

  let reported = '';
  function reportHealth(): void {
    const health = adapter.health();
    const text = JSON.stringify(health);
    if (text !== reported) void core.health(health);
    reported = text;
  }
  setInterval(reportHealth, healthEveryMs);
  await core.ready(adapter.capabilities);
}

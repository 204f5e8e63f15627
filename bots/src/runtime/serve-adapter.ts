import { isMainThread, parentPort } from 'node:worker_threads';
import { HqError } from '@hq/shared/errors';
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import type { PlatformModule } from '../contract/adapter.ts';
import type { Choice } from '../contract/choice.ts';
import type { Acknowledgement, Receiver, Reply, SendResult } from '../contract/inbound.ts';
import type { FromWorker, OutboundCall, ToWorker } from './worker-messages.ts';

/** Platforms take an answer for a quarter of an hour at most. */
const replyLivesMs = 1_200_000;
const mostReplies = 20_000;
const healthEveryMs = 1_000;

/** Runs one adapter in this thread, for the core in the thread that started it. */
export async function serveAdapter(module: PlatformModule, env: NodeJS.ProcessEnv): Promise<void> {
  if (isMainThread || parentPort === null)
    throw new Error('an adapter worker must be started as a worker thread');
  const port = parentPort;
  const tell = (message: FromWorker): void => port.postMessage(message);
  const configured = module.configure(env);
  if (configured === null) throw new HqError('usage', `${module.platform} is not configured.`);
  const log = createLog(env.LOG_LEVEL ?? 'info', createRedactor(configured.secrets)).child({
    platform: module.platform,
  });
  const adapter = await configured.create({ log });
  const replies = new Map<number, { readonly reply: Reply; readonly until: number }>();
  const acknowledged = new Map<number, (acknowledgement: Acknowledgement) => void>();
  const completed = new Map<number, (choices: readonly Choice[]) => void>();
  let count = 0;

  const receiver: Receiver = {
    receive(inbound, reply) {
      count += 1;
      const id = count;
      replies.set(id, { reply, until: Date.now() + replyLivesMs });
      forgetOld();
      return new Promise((resolve) => {
        acknowledged.set(id, resolve);
        tell({ kind: 'heard', id, inbound });
      });
    },
    complete(sender, request) {
      count += 1;
      const id = count;
      return new Promise((resolve) => {
        completed.set(id, resolve);
        tell({ kind: 'complete', id, sender, request });
      });
    },
  };

  function forgetOld(): void {
    for (const [id, { until }] of replies) {
      if (until > Date.now() && replies.size <= mostReplies) break;
      replies.delete(id);
    }
  }

  function put(out: OutboundCall): Promise<SendResult> {
    switch (out.what) {
      case 'send':
        return adapter.send(out.location, out.card);
      case 'edit':
        return adapter.edit(out.handle, out.card);
      case 'file':
        return adapter.file(out.location, out.file);
      case 'describe':
        return adapter.describeCommands(out.commands);
      case 'say': {
        const known = replies.get(out.heard);
        if (known === undefined) return Promise.resolve({ ok: false, problem: { kind: 'gone' } });
        return known.reply.send(out.card, { private: out.private });
      }
    }
  }

  let toldHealth = '';
  function tellHealth(): void {
    const health = adapter.health();
    const text = JSON.stringify(health);
    if (text !== toldHealth) tell({ kind: 'health', health });
    toldHealth = text;
  }
  setInterval(tellHealth, healthEveryMs);

  async function start(): Promise<void> {
    try {
      await adapter.start(receiver);
      tellHealth();
      tell({ kind: 'started' });
    } catch (error) {
      tellHealth();
      if (!(error instanceof HqError)) throw error;
      tell({ kind: 'refused', message: error.message, hint: error.hint ?? null });
    }
  }

  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'start':
        void start();
        break;
      case 'stop':
        void adapter.stop().then(() => tell({ kind: 'stopped' }));
        break;
      case 'out':
        void put(message.out).then(
          (sent) => tell({ kind: 'sent', id: message.id, sent }),
          (error: unknown) => {
            log.error({ err: error, what: message.out.what }, 'an adapter failed where it must not');
            tell({
              kind: 'sent',
              id: message.id,
              sent: { ok: false, problem: { kind: 'away', reason: 'it failed' } },
            });
          },
        );
        break;
      case 'acknowledge':
        acknowledged.get(message.id)?.(message.acknowledgement);
        acknowledged.delete(message.id);
        break;
      case 'completed':
        completed.get(message.id)?.(message.choices);
        completed.delete(message.id);
        break;
    }
  });
  tell({ kind: 'ready', capabilities: adapter.capabilities });
}

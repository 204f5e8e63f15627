/** A worker whose adapter crashes on command, as libraries do. */
import type { Adapter, AdapterHealth, PlatformModule } from '../src/contract/adapter.ts';
import type { Receiver, SendResult } from '../src/contract/inbound.ts';
import { serveAdapter } from '../src/runtime/serve-adapter.ts';
import { TestAdapter } from './test-adapter.ts';

const inMemory = new TestAdapter('slack');
let receiver: Receiver | null = null;

const adapter: Adapter = {
  platform: 'slack',
  capabilities: inMemory.capabilities,
  start: async (value) => {
    receiver = value;
  },
  stop: async () => undefined,
  health: (): AdapterHealth => ({
    state: 'connected',
    detail: Object.keys(process.env).sort().join(','),
    install: 'T1',
    lastInboundAt: null,
    lastOutboundAt: null,
  }),
  async send(location, card): Promise<SendResult> {
    switch (card.title) {
      case 'throw':
        setTimeout(() => {
          throw new Error('nobody catches this');
        });
        return new Promise(() => undefined);
      case 'reject':
        void Promise.reject(new Error('nobody handles this'));
        return new Promise(() => undefined);
      case 'exit':
        return process.exit(1);
      case 'exhaust memory':
        for (const kept: string[][] = []; ; ) kept.push(new Array<string>(100_000).fill(card.title));
      case 'receive': {
        const acknowledged = await receiver?.receive(
          {
            ...location,
            user: 'U1',
            deliveryId: 'd1',
            input: { kind: 'words', text: 'hello' },
            receivedAt: 0,
          },
          { send: (delivery) => inMemory.send(location, delivery) },
        );
        return { ok: true, handle: { acknowledged: JSON.stringify(acknowledged) } };
      }
      default:
        return { ok: true, handle: { delivery: card.title } };
    }
  },
  edit: (handle, card) => inMemory.edit(handle, card),
  file: (location, file) => inMemory.file(location, file),
  describeCommands: (...args) => inMemory.describeCommands(...args),
};

const module: PlatformModule = {
  platform: 'slack',
  variables: [],
  configure: () => ({ fingerprints: [], secrets: [], create: async () => adapter, check: async () => [] }),
};
await serveAdapter(module, { ...process.env, LOG_LEVEL: 'silent' });

/** A worker whose adapter crashes on command, in the ways that libraries do. */
import type { Adapter, AdapterHealth, PlatformModule } from '../src/contract/adapter.ts';
import type { Receiver, SendResult } from '../src/contract/inbound.ts';
import { serveAdapter } from '../src/runtime/serve-adapter.ts';
import { TestAdapter } from './test-adapter.ts';

const fine = new TestAdapter('slack');
let receiver: Receiver | null = null;

const adapter: Adapter = {
  platform: 'slack',
  capabilities: fine.capabilities,
  start: async (given) => {
    receiver = given;
  },
  stop: async () => undefined,
  health: (): AdapterHealth => ({
    state: 'connected',
    detail: Object.keys(process.env).sort().join(','),
    install: 'T1',
    lastInboundAt: null,
    lastOutboundAt: null,
  }),
  async send(place, card): Promise<SendResult> {
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
      case 'eat':
        for (const eaten: string[][] = []; ; ) eaten.push(new Array<string>(100_000).fill(card.title));
      case 'hear': {
        const acknowledged = await receiver?.receive(
          { ...place, user: 'U1', deliveryId: 'd1', input: { kind: 'words', text: 'hello' }, receivedAt: 0 },
          { send: (delivery) => fine.send(place, delivery) },
        );
        return { ok: true, handle: { acknowledged: JSON.stringify(acknowledged) } };
      }
      default:
        return { ok: true, handle: { delivery: card.title } };
    }
  },
  edit: (handle, card) => fine.edit(handle, card),
  file: (place, file) => fine.file(place, file),
  describeCommands: (commands) => fine.describeCommands(commands),
};

const module: PlatformModule = {
  platform: 'slack',
  variables: [],
  configure: () => ({ fingerprints: [], secrets: [], create: async () => adapter, check: async () => [] }),
};
await serveAdapter(module, { ...process.env, LOG_LEVEL: 'silent' });

import { randomUUID } from 'node:crypto';
import { type Action, catalogue, type Role } from '@hq/shared/actions';
import { type ChatPlatform, chatPlatforms } from '@hq/shared/chat';
import { connect, type HqClient } from '@hq/shared/client';
import { createRedactor } from '@hq/shared/text';
import { pino } from 'pino';
import { nilTenant } from '../../db/testing/database.ts';
import { type StackMember, startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { type Platform, platforms, type Sender } from '../src/contract/inbound.ts';
import type { ActionTable } from '../src/core/action-table.ts';
import { type Core, type CoreOptions, createCore } from '../src/core/core.ts';
import { TestAdapter } from './test-adapter.ts';

/** The core of the bots on a database of its own, with platforms in memory. */
export interface ChatTestStack {
  readonly stack: TestStack;
  readonly bot: HqClient;
  readonly gateway: string;
  /** A new core with new adapters, as after a restart. */
  open(options?: Partial<CoreOptions>, adapters?: readonly TestAdapter[]): Promise<OpenCore>;
  /** A sender of direct messages, linked to a new member of that role; linked to nobody for null. */
  person(role: Role | null, platform?: Platform): Promise<Sender & { readonly member: StackMember }>;
  /** The same person in a channel. */
  inChannel(sender: Sender, channel: string): Sender;
  close(): Promise<void>;
}

export interface OpenCore {
  readonly core: Core;
  adapter(platform: Platform): TestAdapter;
  close(): Promise<void>;
}

const plenty = { atOnce: 1000, perSecond: 1000 };
const testSecret = 'correct-horse-battery-staple';

export async function openChatStack(
  options: Parameters<typeof startTestStack>[0] = {},
): Promise<ChatTestStack> {
  const stack = await startTestStack(options);
  const bot = await connectBot(stack);
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  const opened: OpenCore[] = [];

  return {
    stack,
    bot,
    gateway: row?.id ?? '',
    async open(more = {}, adapters = platforms.map((platform) => new TestAdapter(platform))) {
      const core = createCore({
        client: bot,
        actions: catalogue,
        redactor: createRedactor([testSecret]),
        log: pino({ level: process.env.TEST_LOG ?? 'silent' }),
        limits: { person: plenty, channel: plenty, inPublic: plenty },
        ...more,
      });
      for (const adapter of adapters) {
        core.attach(adapter);
        await adapter.start(core.dispatcher);
      }
      const one: OpenCore = {
        core,
        adapter(platform) {
          const found = adapters.find((adapter) => adapter.platform === platform);
          if (found === undefined) throw new Error(`no ${platform}`);
          return found;
        },
        close: () => core.stop(5_000),
      };
      opened.push(one);
      return one;
    },
    person: (role, platform = 'slack') => createSender(stack, role, platform),
    inChannel: (sender, channel) => ({ ...sender, channel, kind: 'group' }),
    async close() {
      for (const one of opened) await one.close();
      await bot.close();
      await stack.close();
    },
  };
}

/** Creates a sender of direct messages. */
async function createSender(
  stack: TestStack,
  role: Role | null,
  platform: Platform,
): Promise<Sender & { readonly member: StackMember }> {
  const member = await stack.createMember(role ?? 'viewer');
  const user = `U${randomUUID().slice(0, 8)}`;
  const { userScope, direct } = platformNamed(platform);
  if (role !== null) {
    await stack.database.query(
      `insert into chat_identities (tenant_id, user_id, platform, install, chat_user)
           values ($1, $2, $3, $4, $5)`,
      [nilTenant, member.id, platform, userScope === 'platform' ? '' : 'T1', user],
    );
  }
  return {
    platform,
    install: 'T1',
    channel: `D-${user}`,
    [direct.field]: directId(direct, user),
    kind: 'direct',
    thread: null,
    user,
    member,
  };
}

/** Signs in as a new bot account. */
async function connectBot(stack: TestStack): Promise<HqClient> {
  const { id, email, password } = await stack.createMember('viewer');
  await stack.database.query('insert into chat_bots (tenant_id, user_id) values ($1, $2)', [nilTenant, id]);
  const bot = connect({ url: stack.url, anonKey: stack.anonKey, timeoutMs: 15_000 });
  await bot.signIn(email, password);
  await bot.whoami();
  return bot;
}

function platformNamed(name: Platform): ChatPlatform {
  const platform = chatPlatforms.find((one) => one.name === name);
  if (platform === undefined) throw new Error(`${name} is not in the list of platforms`);
  return platform;
}

/** Returns an id that shows a direct message on this platform. */
function directId(direct: ChatPlatform['direct'], user: string): string {
  if (direct.rule === 'equals user') return user;
  return direct.rule === 'equals' ? direct.value : `${direct.value}-${user}`;
}

/** The catalogue with one more entry. */
export function withAction(name: string, action: Action): ActionTable {
  return { ...catalogue, [name]: action };
}

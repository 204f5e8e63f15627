import { randomUUID } from 'node:crypto';
import { catalogue } from '@hq/shared/actions';
import { chatPlatforms } from '@hq/shared/chat';
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Sender } from '../bots/src/contract/inbound.ts';
import type { Core } from '../bots/src/core/core.ts';
import { platformModules } from '../bots/src/platforms/index.ts';
import { type ChatTestStack, openChatStack } from '../bots/testing/chat-stack.ts';
import { SkeletonAdapter } from '../bots/testing/skeleton-platform/adapter.ts';
import { textOf } from '../bots/testing/test-adapter.ts';
import { withConnection } from '../db/src/connection.ts';
import { syncPlatforms } from '../db/src/platform-sync.ts';
import { eventually } from '../db/testing/eventually.ts';

// Adding a platform takes an entry of this list …
vi.mock('../shared/src/chat/platforms.ts', async (original) => {
  const real = await original<typeof import('../shared/src/chat/platforms.ts')>();
  const skeleton = {
    name: 'skeleton',
    userScope: 'install',
    direct: { field: 'channel', rule: 'starts with', value: 'D-' },
    sharedAccounts: [],
  };
  return {
    ...real,
    chatPlatforms: [...real.chatPlatforms, skeleton],
    chatPlatformNames: [...real.chatPlatformNames, 'skeleton'],
  };
});
// … a folder, and its line in the list of modules.
vi.mock('../bots/src/platforms/index.ts', async (original) => {
  const real = await original<typeof import('../bots/src/platforms/index.ts')>();
  const { skeleton } = await import('../bots/testing/skeleton-platform/index.ts');
  return { platformModules: [...real.platformModules, skeleton] };
});

let chat: ChatTestStack;
let core: Core;
let skeleton: SkeletonAdapter;
let sender: Sender;

beforeAll(async () => {
  chat = await openChatStack();
  await withConnection(chat.stack.database.url, (client) => syncPlatforms(client, chatPlatforms));
  ({ core } = await chat.open({ actions: catalogue }, []));
  const module = platformModules.find(({ variables }) => variables.includes('SKELETON_TOKEN'));
  const adapter = await module
    ?.configure({ SKELETON_TOKEN: 'a-token' })
    ?.create({ log: createLog('silent', createRedactor([])) });
  if (module === undefined || !(adapter instanceof SkeletonAdapter)) {
    throw new Error('the skeleton platform is not in the list of modules');
  }
  skeleton = adapter;
  core.attach(skeleton);
  await skeleton.start(core.dispatcher);
  await skeleton.describeCommands(core.commands);
  sender = {
    platform: module.platform,
    install: 'S1',
    channel: 'D-ann',
    kind: 'direct',
    thread: null,
    user: 'ann',
  };
}, 120_000);
afterAll(() => chat?.close());

/** Writes in the chat and returns a reader of the message that answers. */
async function ask(from: Sender, text: string): Promise<() => string> {
  const before = skeleton.messages.size;
  await skeleton.receive({
    ...from,
    deliveryId: `skeleton:${randomUUID()}`,
    input: { kind: 'words', text },
    receivedAt: Date.now(),
  });
  await eventually(() => expect(skeleton.messages.size).toBeGreaterThan(before));
  const id = [...skeleton.messages.keys()][before] ?? '';
  return () => {
    const card = skeleton.messages.get(id);
    return card === undefined ? '' : textOf(card);
  };
}

describe('a new chat platform', { timeout: 60_000 }, () => {
  it('gets the menu of commands', () => {
    expect(skeleton.commands.map(({ path }) => path.join(' '))).toContain('gateway restart_gateway');
  });

  it('refuses an account that is not linked', async () => {
    expect((await ask(sender, 'status'))()).toMatch(/linked to nobody/);
  });

  it('links an account by a code', async () => {
    const member = await chat.stack.createMember('operator');
    const { data } = await (await chat.stack.clientOf(member)).rpc('issue_chat_code');
    expect((await ask(sender, `link ${data.code}`))()).toMatch(/^Linked to /);
    expect((await ask(sender, 'whoami'))()).toMatch(/operator here/);
  });

  it('runs a command and shows its card', async () => {
    const shown = await ask(sender, 'ping');
    await eventually(() => expect(shown()).toMatch(/waiting for the runner/));
    expect(await chat.stack.database.query('select action, origin from agent_commands')).toEqual([
      { action: 'ping', origin: 'skeleton' },
    ]);
  });

  it('refuses a stranger and an action above the role, both audited', async () => {
    await ask({ ...sender, stranger: 'outsider' }, 'ping');
    expect((await ask(sender, 'bind'))()).toMatch(/admin/);
    await eventually(async () => {
      const rows = await chat.stack.database.query(
        `select distinct meta ->> 'platform' as platform from audit_log where action = 'chat.refused'`,
      );
      expect(rows).toEqual([{ platform: 'skeleton' }]);
    });
  });
});

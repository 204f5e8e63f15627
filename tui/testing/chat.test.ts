import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { type StackMember, startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { type Bundled, bundled } from './bundled.ts';
import { type ChatBot, chatBot } from './chat-bot.ts';
import { ScreenSession } from './screen-session.ts';

let program: Bundled;
let stack: TestStack;
let bot: ChatBot;
let home: string;
let admin: StackMember;
let viewer: StackMember;
const sessions: ScreenSession[] = [];

beforeAll(async () => {
  [program, stack, home] = await Promise.all([
    bundled('tui/src/main.ts'),
    startTestStack(),
    mkdtemp(join(tmpdir(), 'hq-home-')),
  ]);
  bot = await chatBot(stack.database);
  admin = await stack.createMember('admin');
  viewer = await stack.createMember('viewer');
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});
afterAll(async () => {
  await stack.close();
  await program.remove();
  await rm(home, { recursive: true, force: true });
});

async function atChat(member: StackMember): Promise<ScreenSession> {
  const session = new ScreenSession(process.execPath, [program.file], {
    columns: 100,
    rows: 30,
    background: '0000/0000/0000',
    env: {
      SUPABASE_URL: stack.url,
      SUPABASE_ANON_KEY: stack.anonKey,
      XDG_STATE_HOME: home,
      HQ_EMAIL: member.email,
      HQ_PASSWORD: member.password,
    },
  });
  sessions.push(session);
  await session.waitFor('● LIVE');
  session.press('7');
  await session.waitFor('[7 Chat]');
  await session.waitFor('● LIVE');
  return session;
}

/** Gets a code on the screen and sends it as this account. */
async function link(session: ScreenSession, account: string): Promise<void> {
  session.press('c');
  const screen = await session.waitFor(/\/hq link hq_[A-Za-z0-9_-]{22,}/);
  const code = /\/hq link (hq_[A-Za-z0-9_-]+)/.exec(screen)?.[1] ?? '';
  expect(await bot.link(account, code)).toMatchObject({ member: {} });
  session.press('\u001b');
  await session.waitFor((shown) => !shown.includes('Link a chat account'));
}

describe('the chats', () => {
  it('link an account with a code, and show it as soon as it is linked', async () => {
    const session = await atChat(admin);
    await session.waitFor('No chat account is linked.');
    await link(session, 'UANNA');
    await session.waitFor(/● UANNA +slack +you/);
    session.press('d');
    await session.waitFor('Revoke UANNA in slack');
    session.press('\t\r');
    await session.waitFor('UANNA in slack is not linked any more.');
    await session.waitFor('No chat account is linked.');
  });

  it('tell at once that a code is asked for, while HQ takes its time', async () => {
    const session = await atChat(admin);
    const held = stack.database.query(
      'do $$ begin lock table chat_link_codes in access exclusive mode; perform pg_sleep(3); end $$',
    );
    await eventually(async () => {
      const locked = await stack.database.query(
        `select 1 from pg_locks where relation = 'chat_link_codes'::regclass and mode = 'AccessExclusiveLock' and granted`,
      );
      expect(locked).toHaveLength(1);
    });
    session.press('c');
    await session.waitFor('Asking for a code …');
    await held;
    await session.waitFor(/\/hq link hq_/);
  });

  it('show bound channels and how the bots are', async () => {
    const session = await atChat(admin);
    await session.waitFor('No bot has reported yet.');
    await link(session, 'UBIND');
    await bot.bind('UBIND', 'C42', 'operator');
    await session.waitFor(/slack +C42 +at most operator/);
    await bot.bind('UBIND', 'C0123456789', 'viewer');
    await session.waitFor(/C0123456789 {2}at most viewer/);
    await session.waitFor(/C42 {10}at most operator/);
    await bot.beat('connected', null);
    await session.waitFor(/● slack +connected +heard just now, said nothing yet/);
    await bot.beat('revoked', 'Slack does not accept the token any more.');
    await session.waitFor(/✕ slack +revoked .*Slack does not accept/);
  });

  it('let nobody but an admin take back what is somebody else’s', async () => {
    const owner = await atChat(admin);
    await link(owner, 'UOTHER');
    const session = await atChat(viewer);
    session.press('/UOTHER\r');
    await session.waitFor(/▌. UOTHER/);
    session.press('d');
    await session.waitFor('Revoke UOTHER in slack');
    session.press('\t\r');
    await session.waitFor(/✕ .*admin/);
    await session.waitFor('UOTHER');
  });
});

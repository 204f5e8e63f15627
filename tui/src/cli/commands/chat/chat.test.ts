import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type StackMember, startTestStack, type TestStack } from '../../../../../local/testing/stack.ts';
import { type CallResult, call } from '../../../../testing/call.ts';
import { type ChatBot, chatBot } from '../../../../testing/chat-bot.ts';

let stack: TestStack;
let bot: ChatBot;
let admin: StackMember;
let viewer: StackMember;
let home: string;

beforeAll(async () => {
  stack = await startTestStack();
  bot = await chatBot(stack.database);
  admin = await stack.createMember('admin', { email: 'anna@example.test' });
  viewer = await stack.createMember('viewer', { email: 'vera@example.test' });
  home = await mkdtemp(join(tmpdir(), 'hq-chat-'));
});
afterAll(async () => {
  await stack.close();
  await rm(home, { recursive: true });
});

const chat = (args: readonly string[], member = admin): Promise<CallResult> =>
  call(['chat', ...args], {
    env: {
      HOME: home,
      XDG_STATE_HOME: join(home, 'state'),
      XDG_DATA_HOME: join(home, 'data'),
      SUPABASE_URL: stack.url,
      SUPABASE_ANON_KEY: stack.anonKey,
      HQ_EMAIL: member.email,
      HQ_PASSWORD: member.password,
    },
  });

const issued = z.object({ code: z.string(), expiresAt: z.string() });
const links = z.object({
  links: z.array(z.looseObject({ id: z.string(), account: z.string(), userId: z.string() })),
});

async function link(account: string, member = admin): Promise<string> {
  const { code } = issued.parse(JSON.parse((await chat(['code', '--json'], member)).stdout));
  await bot.link(account, code);
  const { stdout } = await chat(['links', '--json'], member);
  return links.parse(JSON.parse(stdout)).links.find((each) => each.account === account)?.id ?? '';
}

describe('a code', () => {
  it('is printed with the next steps, and links one account once', async () => {
    const { code, stdout, stderr } = await chat(['code']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^hq_[A-Za-z0-9_-]{22,}\n$/);
    expect(stderr).toContain(`/hq link ${stdout.trim()}`);
    expect(stderr).toMatch(/Within (10|9) minutes/);
    expect(await bot.link('U1', stdout.trim())).toMatchObject({ member: { email: 'anna@example.test' } });
    expect(await bot.link('U2', stdout.trim())).toMatchObject({ refused: {} });
    const listed = await chat(['links']);
    expect(listed.stdout).toMatch(/slack +U1 +you .*linked/);
    expect(listed.stdout).not.toContain('U2');
  });

  it('is refused with --readonly', async () => {
    const { code } = await call(['--readonly', 'chat', 'code'], { env: { HOME: home } });
    expect(code).toBe(3);
  });
});

describe('a link', () => {
  it('is revoked by the start of its id, and stays in the list with --all', async () => {
    const id = await link('U3');
    const { code, stdout } = await chat(['revoke', id.slice(0, 8)]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${id} revoked\n` });
    expect((await chat(['links'])).stdout).not.toContain('U3');
    expect((await chat(['links', '--all'])).stdout).toMatch(/U3 .*revoked/);
    expect((await chat(['revoke', id])).code).toBe(2);
  });

  it('of another member can be revoked by an admin only', async () => {
    const id = await link('U4');
    const refused = await chat(['revoke', id], viewer);
    expect(refused.code).toBe(3);
    expect(refused.stderr).toContain('admin');
    const theirs = await link('U5', viewer);
    expect((await chat(['links'])).stdout).toMatch(/slack +U5 +vera@example\.test/);
    expect((await chat(['revoke', theirs])).code).toBe(0);
  });

  it.each(['', 'zz', 'no such', '0000'])('is not %j', async (text) => {
    expect((await chat(['revoke', text])).code).toBe(2);
  });
});

it('channels are listed with the highest role of a message', async () => {
  expect((await chat(['channels'])).stderr).toContain('/hq bind');
  await link('U6');
  await bot.bind('U6', 'C42', 'operator');
  expect((await chat(['channels'])).stdout).toMatch(/slack +C42 +operator/);
  expect(JSON.parse((await chat(['channels', '--json'])).stdout)).toMatchObject({
    channels: [{ platform: 'slack', channel: 'C42', ceiling: 'operator', gateway: null }],
  });
});

it('bots are listed with their state, silent ones as silent', async () => {
  await bot.beat('connected', null);
  expect((await chat(['bots'])).stdout).toMatch(/slack +connected +now +now +never +T1/);
  await bot.beat('revoked', 'Slack does not accept the token any more.');
  expect((await chat(['bots'])).stdout).toContain('Slack does not accept the token any more.');
  await stack.database.behindTheGuard(
    `update chat_adapters set state = 'connected', last_beat_at = now() - interval '2 minutes'`,
  );
  const { stdout } = await chat(['bots', '--json'], viewer);
  expect(JSON.parse(stdout)).toMatchObject({ bots: [{ platform: 'slack', state: 'silent' }] });
});

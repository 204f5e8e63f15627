import { request } from 'node:http';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type StackMember, startTestStack, type TestStack } from '../../testing/stack.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let stack: TestStack;
let member: StackMember;

beforeAll(async () => {
  stack = await startTestStack();
  member = await stack.createMember('operator');
});
afterAll(() => stack?.close());

const anonymous = (): SupabaseClient =>
  createClient(stack.url, stack.anonKey, { auth: { persistSession: false, autoRefreshToken: false } });

const faultOf = async (answer: PromiseLike<{ error: unknown }>) => (await answer).error;

/** Signs in, and refreshes as often; returns every refresh token. */
async function tokens(refreshes: number): Promise<string[]> {
  const client = anonymous();
  const { data } = await client.auth.signInWithPassword(member);
  const all = [data.session?.refresh_token ?? ''];
  for (let at = 0; at < refreshes; at += 1) {
    const { data } = await client.auth.refreshSession();
    all.push(data.session?.refresh_token ?? '');
  }
  return all;
}

const refresh = (refresh_token = '') => anonymous().auth.refreshSession({ refresh_token });

/** Makes every token as old as if a minute had passed. */
const aMinuteLater = () =>
  stack.database.behindTheGuard(
    `update auth.refresh_tokens set updated_at = updated_at - interval '1 minute'`,
  );

// https://supabase.com/docs/guides/auth/sessions
describe('a refresh token that was used', () => {
  it('ends the session when it comes again', async () => {
    const [first, , latest] = await tokens(2);
    await aMinuteLater();
    expect(await faultOf(refresh(first))).toMatchObject({
      status: 400,
      code: 'refresh_token_already_used',
      message: 'Invalid Refresh Token: Already Used',
    });
    expect(await faultOf(refresh(latest))).toMatchObject({ status: 400 });
  });

  it('is good for ten seconds, for clients that ask at once', async () => {
    const [first, , latest] = await tokens(2);
    const { data } = await refresh(first);
    expect(data.session?.refresh_token).toBe(latest);
  });

  it('is good when its successor was never used: the answer may have been lost', async () => {
    const [, second, latest] = await tokens(2);
    await aMinuteLater();
    const { data } = await refresh(second);
    expect(data.session?.refresh_token).toBe(latest);
  });
});

describe('a person who is banned', () => {
  it('neither signs in nor refreshes until the ban ends', async () => {
    const [token] = await tokens(0);
    const ban = (until: string) =>
      stack.database.behindTheGuard('update auth.users set banned_until = $1 where id = $2', [
        until,
        member.id,
      ]);
    await ban('2999-01-01');
    const banned = { status: 400, code: 'user_banned' };
    expect(await faultOf(anonymous().auth.signInWithPassword(member))).toMatchObject(banned);
    expect(await faultOf(refresh(token))).toMatchObject(banned);
    const wrong = { email: member.email, password: 'wrong' };
    expect(await faultOf(anonymous().auth.signInWithPassword(wrong))).toMatchObject({
      code: 'invalid_credentials',
    });
    await ban('2020-01-01');
    expect(await faultOf(refresh(token))).toBeNull();
  });
});

describe('an address without an account', () => {
  it('takes as long to refuse as one with an account', async () => {
    const one = await startTestStack();
    const known = await one.createMember('viewer');
    // The cost of a real password, which makes the difference measurable.
    await one.database.behindTheGuard(
      `update auth.users set encrypted_password = extensions.crypt('right', extensions.gen_salt('bf', 10)) where id = $1`,
      [known.id],
    );
    const client = createClient(one.url, one.anonKey, { auth: { persistSession: false } });
    const fastest = async (email: string) => {
      const times: number[] = [];
      for (let at = 0; at < 5; at += 1) {
        const begun = performance.now();
        await client.auth.signInWithPassword({ email, password: 'wrong' });
        times.push(performance.now() - begun);
      }
      return Math.min(...times);
    };
    const [there, missing] = [await fastest(known.email), await fastest('nobody@example.test')];
    await one.close();
    expect(missing).toBeGreaterThan(there / 2);
    expect(missing).toBeLessThan(there * 2);
  });
});

// https://supabase.com/docs/guides/auth/rate-limits
describe('guessing passwords', () => {
  it('is stopped after thirty at once', async () => {
    const guess = () => anonymous().auth.signInWithPassword({ email: member.email, password: 'guess' });
    const faults = await Promise.all(Array.from({ length: 60 }, () => faultOf(guess())));
    const limited = { status: 429, code: 'over_request_rate_limit' };
    expect(faults).toContainEqual(expect.objectContaining(limited));
    expect(await faultOf(anonymous().auth.signInWithPassword(member))).toMatchObject(limited);
  });
});

describe('a request to another name', () => {
  it.each([
    ['host.docker.internal:54321', 200],
    ['host.docker.internal.example.com', 403],
    ['evil.example.com', 403],
    ['127.0.0.1.evil.example.com:80', 403],
    ['localhost', 200],
    ['127.0.0.1:1234', 200],
    ['[::1]', 200],
  ])('%s is %i: a web page may have its own name point here', async (host, status) => {
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      request(`${stack.url}/auth/v1/health`, { headers: { host, apikey: stack.anonKey } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(answer).toBe(status);
  });
});

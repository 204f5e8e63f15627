import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { SharedStorage } from './session-storage.ts';
import { keepNewest, sessionKey, withSharedRefresh } from './shared-refresh.ts';

const hourSeconds = 3_600;
const user = { id: 'u1' };
const inOneHour = (): number => Math.floor(Date.now() / 1000) + hourSeconds;
const session = (refreshToken: string, expiresAt: number): string =>
  JSON.stringify({
    access_token: `access-${refreshToken}`,
    refresh_token: refreshToken,
    expires_at: expiresAt,
    user,
  });

let items: Map<string, string>;
let storage: SharedStorage;
const send = vi.fn<typeof fetch>();

beforeEach(() => {
  items = new Map();
  storage = {
    getItem: async (key) => items.get(key) ?? null,
    setItem: async (key, value) => void items.set(key, value),
    removeItem: async (key) => void items.delete(key),
    exclusively: (work) => work(),
  };
  send.mockReset();
  send.mockImplementation(async () =>
    Response.json({ access_token: 'access-new', refresh_token: 'new', expires_in: hourSeconds, user }),
  );
});

function refresh(refreshToken: string): Promise<Response> {
  return withSharedRefresh(send, storage)('http://hq/auth/v1/token?grant_type=refresh_token', {
    method: 'POST',
    body: JSON.stringify({ refresh_token: refreshToken }),
  });
}

describe('the renewal of a shared session', () => {
  it('is sent when the stored session is the one to renew, even if its token is valid by the local clock', async () => {
    items.set(sessionKey, session('used', inOneHour()));
    expect(await (await refresh('used')).json()).toMatchObject({ access_token: 'access-new' });
    expect(send).toHaveBeenCalledOnce();
  });

  it('returns the session that another program has renewed', async () => {
    items.set(sessionKey, session('theirs', inOneHour()));
    expect(await (await refresh('used')).json()).toMatchObject({ access_token: 'access-theirs' });
    expect(send).not.toHaveBeenCalled();
  });

  it('is sent when the session that another program has renewed is expired too', async () => {
    items.set(sessionKey, session('theirs', 1));
    await refresh('used');
    expect(send).toHaveBeenCalledOnce();
  });

  it('is stored for the next program before it returns', async () => {
    await refresh('used');
    expect(JSON.parse(items.get(sessionKey) ?? '')).toMatchObject({ refresh_token: 'new' });
  });

  it('stores nothing when it fails', async () => {
    items.set(sessionKey, session('used', 1));
    send.mockImplementation(async () => Response.json({ code: 'refresh_token_not_found' }, { status: 400 }));
    expect((await refresh('used')).status).toBe(400);
    expect(items.get(sessionKey)).toBe(session('used', 1));
  });
});

describe('a shared session', () => {
  it('is never replaced by an older one of the same user', async () => {
    items.set(sessionKey, session('newer', 2_000));
    await keepNewest(storage).setItem(sessionKey, session('older', 1_000));
    expect(items.get(sessionKey)).toBe(session('newer', 2_000));
    await keepNewest(storage).setItem(sessionKey, session('newest', 3_000));
    expect(items.get(sessionKey)).toBe(session('newest', 3_000));
  });
});

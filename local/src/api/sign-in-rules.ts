import type pg from 'pg';
import { z } from 'zod';
import { connectFrom } from './pool.ts';
import { recordError } from './request-scope.ts';

/** GoTrue's limit: thirty requests at once, then one every two seconds. Here only wrong passwords count. */
const burst = 30;
const refillMs = 2_000;

const given = z.object({
  email: z.string().catch(''),
  password: z.string().catch(''),
  refresh_token: z.string().catch(''),
});

function refuse(status: number, code: string, message: string): Response {
  return Response.json(
    { code: status, error_code: code, msg: message },
    { status, headers: { 'X-Sb-Error-Code': code, 'Access-Control-Allow-Origin': '*' } },
  );
}

/** Refuses the requests of tokens that Supabase refuses and @supabase/lite does not; null is for the others. */
export function signInRules(pool: pg.Pool): (request: Request) => Promise<Response | null> {
  let guesses = 0;
  let countedAt = performance.now();

  async function ask<Row extends pg.QueryResultRow>(
    sql: string,
    values: unknown[],
  ): Promise<Row | undefined> {
    const client = await connectFrom(pool);
    try {
      return (await client.query<Row>(sql, values)).rows[0];
    } catch (error) {
      recordError(error);
      throw error;
    } finally {
      client.release();
    }
  }

  async function password({ email, password }: z.output<typeof given>): Promise<Response | null> {
    const now = performance.now();
    guesses = Math.max(0, guesses - (now - countedAt) / refillMs);
    countedAt = now;
    if (guesses > burst - 1) return refuse(429, 'over_request_rate_limit', 'Request rate limit reached');
    // Counted before the answer, so that guesses that come at once count too.
    guesses += 1;
    // Without an account the password of somebody else is checked, so that refusing takes as long.
    const account = await ask<{ right: boolean | null; banned: boolean | null }>(
      `select u.banned_until > now() as banned, u.encrypted_password = extensions.crypt($2, coalesce(u.encrypted_password,
         (select a.encrypted_password from auth.users a where a.encrypted_password is not null limit 1))) as right
       from (values (lower($1))) asked (email) left join auth.users u on u.email = asked.email`,
      [email, password],
    );
    if (!account?.right) return refuse(400, 'invalid_credentials', 'Invalid login credentials');
    guesses -= 1;
    return account.banned ? refuse(400, 'user_banned', 'User is banned') : null;
  }

  async function refresh({ refresh_token: token }: z.output<typeof given>): Promise<Response | null> {
    // A used token is good for ten seconds, and as long as its successor was not used: the answer may have been lost.
    const used = await ask<{ reused: boolean; banned: boolean | null }>(
      `with asked as (
         select t.session_id, u.banned_until > now() as banned, t.revoked and t.updated_at < now() - interval '10 seconds' and not exists (
           select from auth.refresh_tokens a where a.session_id = t.session_id and a.parent = t.token and not a.revoked) as reused
         from auth.refresh_tokens t join auth.users u on u.id = t.user_id where t.token = $1
       ), ended as (
         update auth.refresh_tokens t set revoked = true from asked where asked.reused and t.session_id = asked.session_id and not t.revoked
       )
       select reused, banned from asked`,
      [token],
    );
    if (used?.banned) return refuse(400, 'user_banned', 'Invalid Refresh Token: User Banned');
    if (!used?.reused) return null;
    return refuse(400, 'refresh_token_already_used', 'Invalid Refresh Token: Already Used');
  }

  return async (request) => {
    const body = given.safeParse(
      await request
        .clone()
        .json()
        .catch(() => null),
    );
    if (!body.success) return refuse(400, 'bad_json', 'The body is not a JSON object');
    const grant = new URL(request.url).searchParams.get('grant_type');
    if (grant === 'password') return password(body.data);
    return grant === 'refresh_token' ? refresh(body.data) : null;
  };
}

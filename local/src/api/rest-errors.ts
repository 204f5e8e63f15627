import pg from 'pg';

/**
 * SQLSTATEs, or their classes, by the HTTP status that PostgREST gives them; every other is 400.
 * https://docs.postgrest.org/en/v14/references/errors.html
 */
const sqlStates: Readonly<Record<number, string>> = {
  400: 'P0001',
  403: '0L 0P 28 42501',
  404: '42883 42P01',
  405: '25006',
  409: '23503 23505',
  500: '09 21 25 2D 38 39 3B 40 42P17 53400 54 55 57 58 F0 HV P0 XX',
  503: '08 53 57P01',
};
const statuses = new Map(
  Object.entries(sqlStates).flatMap(([status, codes]) =>
    codes.split(' ').map((code) => [code, Number(status)]),
  ),
);

/** Codes whose status or text @supabase/lite gives as PostgREST does. */
const asTheyAre = /^(42703|42883|PT\d{3}|PGRST)$/;

/**
 * Makes @supabase/lite answer a database error as PostgREST does. It takes status, headers and body of an answer from an error
 * with the code `PGRST`, as PostgREST does for functions that raise one.
 */
export function asPostgrest(error: unknown, isAnonymous: boolean): unknown {
  if (!(error instanceof pg.DatabaseError) || error.code === undefined || asTheyAre.test(error.code)) {
    return error;
  }
  const { code, message, detail = null, hint = null } = error;
  const known = statuses.get(code) ?? statuses.get(code.slice(0, 2)) ?? 400;
  const status = code === '42501' && isAnonymous ? 401 : known;
  return restError(status, { code, message, details: detail, hint });
}

/** Returns an error whose answer has this status and body. */
export function restError(
  status: number,
  body: { code: string; message: string; details: string | null; hint: string | null },
): Error {
  return Object.assign(new Error(JSON.stringify(body)), {
    code: 'PGRST',
    detail: JSON.stringify({ status, headers: status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {} }),
  });
}

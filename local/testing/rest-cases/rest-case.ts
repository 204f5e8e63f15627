import type { SupabaseClient } from '@supabase/supabase-js';

/** The result of a request in supabase-js, with the headers of the HTTP response. */
interface RestAnswer {
  readonly status: number;
  readonly data?: unknown;
  readonly count?: number | null;
  /** The error's body, as PostgREST sends it. */
  readonly error?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RestCase {
  readonly name: string;
  /** `member` is signed in; the default. */
  readonly as?: 'member' | 'anon' | 'service';
  readonly send: (client: SupabaseClient) => PromiseLike<Omit<RestAnswer, 'headers'>>;
  readonly answer: RestAnswer;
}

export interface RestCases {
  /** The page of documentation that the answers come from. */
  readonly source: string;
  readonly cases: readonly RestCase[];
}

/** The error of a right that the caller lacks. */
export const denied = (what: string) => ({
  code: '42501',
  message: `permission denied for ${what}`,
  details: null,
  hint: null,
});

/** The error of a request for one object that finds another number of rows. */
export const singular = (rows: number) => ({
  code: 'PGRST116',
  message: 'Cannot coerce the result to a single JSON object',
  details: `The result contains ${rows} rows`,
  hint: null,
});

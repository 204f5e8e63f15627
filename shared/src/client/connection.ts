import type { SupabaseClient } from '@supabase/supabase-js';
import type { Database } from '../database.generated.ts';
import type { Requests } from './ask.ts';
import type { DatabaseClock } from './clock.ts';

/** The means to call one HQ. */
export interface Connection extends Requests {
  /** Host and port, for messages. */
  readonly host: string;
  readonly supabase: SupabaseClient<Database>;
  readonly clock: DatabaseClock;
}

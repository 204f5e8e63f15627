import { embeds } from './embeds.ts';
import { errors } from './errors.ts';
import { functions } from './functions.ts';
import { pages } from './pages.ts';
import { reads } from './reads.ts';
import type { RestCases } from './rest-case.ts';
import { supabase } from './supabase.ts';
import { upserts } from './upserts.ts';
import { writes } from './writes.ts';

/** Requests that HQ's clients and an older HQ make, with PostgREST's answers. The rows are those of `rows.sql`. */
export const restCases: readonly RestCases[] = [
  errors,
  reads,
  pages,
  embeds,
  writes,
  upserts,
  functions,
  supabase,
];

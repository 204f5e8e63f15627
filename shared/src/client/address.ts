import { HqError } from '../errors.ts';

export interface Address {
  readonly url: string;
  /** Host and port, for sentences. */
  readonly host: string;
}

/** The address of an HQ in its plain form. Fails with `usage` for what cannot be one, and for a key that is none. */
export function addressOf({ url, anonKey }: { readonly url: string; readonly anonKey: string }): Address {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new HqError('usage', 'The address of the HQ is not an http or https URL.', {
      hint: 'Set SUPABASE_URL, such as https://hq.example.org.',
    });
  }
  if (anonKey.trim() === '') {
    throw new HqError('usage', 'The anon key is empty.', { hint: 'Set SUPABASE_ANON_KEY.' });
  }
  // Whoever puts credentials into the address must not find them in an error message.
  return { url: `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, ''), host: parsed.host };
}

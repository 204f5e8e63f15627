import { HqError } from '../errors.ts';
import { addressRule, isSafeAddress } from '../program/port-owner.ts';

export interface Address {
  readonly url: string;
  /** Host and port, for messages. */
  readonly host: string;
}

/** Normalizes the address of an HQ. Fails with `usage` for an invalid address and for an empty key. */
export function addressOf({ url, anonKey }: { readonly url: string; readonly anonKey: string }): Address {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new HqError('usage', 'The address of the HQ is no http or https URL.', {
      hint: 'Set SUPABASE_URL to an address such as https://hq.example.org.',
    });
  }
  if (!isSafeAddress(url)) {
    throw new HqError('usage', `The address of the HQ ${addressRule}.`, {
      hint: 'Set SUPABASE_URL to its https address, or reach it by a tunnel: ssh -L 54321:127.0.0.1:54321 HOST.',
      field: 'SUPABASE_URL',
    });
  }
  if (anonKey.trim() === '') {
    throw new HqError('usage', 'The anon key is empty.', {
      hint: 'Set SUPABASE_ANON_KEY to the anon key of this HQ.',
    });
  }
  // Credentials in the address must not appear in error messages.
  return { url: `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, ''), host: parsed.host };
}

import type { Finding } from '../contract/adapter.ts';

export const passed = (sentence: string, hint?: string): Finding => finding(true, sentence, hint);

export const failed = (sentence: string, hint?: string): Finding => finding(false, sentence, hint);

function finding(ok: boolean, sentence: string, hint: string | undefined): Finding {
  return { ok, sentence, ...(hint !== undefined && { hint }) };
}

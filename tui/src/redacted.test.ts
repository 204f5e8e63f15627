import { HqError } from '@hq/shared/errors';
import { expect, it } from 'vitest';
import { errorText } from './cli/output/console.ts';
import { sentence } from './ui/sentence.ts';

const credentials = [
  'enc:v1:AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBB.CCCCCCCCCCCC',
  'sb_secret_0123456789abcdefghij',
  'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJlc2lnbmF0dXJl',
];

it.each(credentials)('an error that brings %s tells it to nobody', (credential) => {
  const error = new HqError('failed', `It said ${credential}.`, { hint: `Not ${credential} then.` });
  for (const told of [errorText(error), sentence(error), sentence(new Error(credential))]) {
    expect(told).toContain('[redacted]');
    expect(told).not.toContain(credential.slice(10));
  }
});

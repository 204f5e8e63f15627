import { HqError } from '@hq/shared/errors';
import { expect, it } from 'vitest';
import { errorText as screenText } from './actions/error-text.ts';
import { errorText } from './cli/output/console.ts';

const credentials = [
  'enc:v1:AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBB.CCCCCCCCCCCC',
  'sb_secret_0123456789abcdefghij',
  'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJlc2lnbmF0dXJl',
];

it.each(credentials)('an error with %s shows it to nobody', (credential) => {
  const error = new HqError('failed', `It said ${credential}.`, { hint: `Not ${credential} then.` });
  for (const text of [errorText(error), screenText(error), screenText(new Error(credential))]) {
    expect(text).toContain('[redacted]');
    expect(text).not.toContain(credential.slice(10));
  }
});

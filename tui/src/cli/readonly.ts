import { HqError } from '@hq/shared/errors';

export function refuseWhenReadonly(isReadonly: boolean): void {
  if (!isReadonly) return;
  throw new HqError('refused', 'Nothing is written with --readonly.', { hint: 'Leave --readonly out.' });
}

import { HqError } from '@hq/shared/errors';

export function refuseWhenReadonly(isReadonly: boolean): void {
  if (!isReadonly) return;
  throw new HqError('refused', '--readonly allows no changes.', { hint: 'Leave --readonly out.' });
}

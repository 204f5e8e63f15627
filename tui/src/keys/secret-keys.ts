import type { SecretRow } from '@hq/shared/rows';
import type { Ui } from '../app/ui.ts';
import { type Binding, type Handlers, withRow } from './binding.ts';

/** For screens on which a secret is selected or open. */
export const secretKeys = [
  { does: 'rotate', keys: ['R'], short: 'rotate', about: 'give the secret another value', writes: true },
  { does: 'note', keys: ['n'], short: 'note', about: 'write a remark on the secret', writes: true },
  { does: 'delete', keys: ['d'], short: 'delete', about: 'delete the secret', writes: true },
] as const satisfies readonly Binding[];

export function secretHandlers({ secrets }: Ui, secret: SecretRow | null): Handlers<typeof secretKeys> {
  return {
    rotate: withRow(secret, secrets.rotate),
    note: withRow(secret, secrets.note),
    delete: withRow(secret, secrets.delete),
  };
}

import type { Messages } from '../app/messages.ts';
import type { Overlays } from '../app/overlays.tsx';
import type { Router } from '../app/router.ts';
import { errorText } from './error-text.ts';

/** The parts of the UI that actions use. */
export interface ActionContext {
  readonly messages: Messages;
  readonly overlays: Overlays;
  readonly router: Router;
  readonly isReadonly: boolean;
  /** Returns true while a filter is being written. */
  readonly isFiltering: () => boolean;
}

/** Under `--readonly`, says that nothing is written and returns true. */
export function refusesToWrite({ isReadonly, messages }: ActionContext): boolean {
  if (isReadonly)
    messages.say('Read only: HQ was opened with --readonly or HQ_READONLY, so nothing is sent.', 'warn');
  return isReadonly;
}

/** Says why something failed. */
export async function attempt({ messages }: ActionContext, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (failure) {
    messages.warn(errorText(failure));
  }
}

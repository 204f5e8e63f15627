import type { Messages } from './messages.ts';
import type { Overlay } from './overlays/overlay.ts';

/** What a deed needs of the screens around it. */
export interface Stage {
  readonly messages: Messages;
  readonly isReadonly: boolean;
  readonly ask: (overlay: Overlay) => void;
  /** Takes an overlay away that has done what it was for. */
  readonly dismiss: (overlay: Overlay) => void;
  readonly openCommand: (id: string) => void;
  readonly changed: () => void;
}

/** Says that nothing is written under `--readonly`, where that is so. */
export function refusesToWrite({ isReadonly, messages }: Stage): boolean {
  if (isReadonly) messages.say('Read only: HQ was opened with --readonly, so nothing is sent.', 'warn');
  return isReadonly;
}

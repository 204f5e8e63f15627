import { HelpDialog } from '../dialogs/help-dialog.tsx';
import { keysOn } from '../keys/app-keys.ts';
import { screenNamed } from './screen.ts';
import type { Ui } from './ui.ts';

/** Things that keys of every screen and the palette do. */

export function undoLast({ messages, commands }: Ui): void {
  const undo = messages.current.get()?.undo;
  if (undo) commands.undo(undo);
  else messages.say('There is nothing to take back.');
}

export function openHelp({ overlays, router, screens, screen, isReadonly }: Ui): void {
  const bindings = keysOn(screenNamed(screens, router.route.screen), screens);
  overlays.open((close) => (
    <HelpDialog title={screen.title} bindings={bindings} isReadonly={isReadonly} onClose={close} />
  ));
}

/** The agent that is open owns it unless the operator says otherwise; one that is only selected does not. */
export function addSecret({ secrets, screen: { gateway, agent }, router }: Ui): void {
  secrets.add(gateway, agent?.id === router.route.id ? agent : null);
}

export function refresh({ session, messages }: Ui): void {
  session.refresh();
  messages.say('Reading everything again.');
}

export function copy({ host, messages }: Ui, text: string, shown: string | null): void {
  const { bytes, cut } = host.copy(text);
  messages.say(
    cut
      ? `Copied the first ${bytes} bytes: the rest is too much for a terminal.`
      : `Copied ${shown ?? `${bytes} bytes`}`,
  );
}

export function toggleMouse({ mouse, host, messages }: Ui): void {
  const isOn = !mouse.get();
  mouse.set(isOn);
  host.setMouse(isOn);
  messages.say(isOn ? 'The mouse works; m gives selecting text back to the terminal.' : 'The mouse is off.');
}

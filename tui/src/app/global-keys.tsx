import type { ReactNode } from 'react';
import { HelpDialog } from '../dialogs/help-dialog.tsx';
import { Palette } from '../dialogs/palette.tsx';
import { type PaletteOperation, paletteEntries } from '../dialogs/palette-entries.ts';
import { runPaletteEntry } from '../dialogs/run-palette-entry.ts';
import { actKeys, copyKeys, generalKeys, keysOn, tabsOf } from '../keys/app-keys.ts';
import { useBindings } from '../keys/binding.ts';
import { useInputLayer } from './keyboard.ts';
import { screenNamed } from './screen.ts';
import { type Ui, useUi } from './ui.ts';

/** The keys that work on every screen. They draw nothing. */
export function GlobalKeys(): ReactNode {
  const ui = useUi();
  const { router, messages, host, session } = ui;
  const openTab = (by: number): void => {
    const tabs = tabsOf(ui.screens);
    const at = tabs.findIndex(({ name }) => name === router.trail.get()[0].screen) + by;
    const tab = tabs[(at + tabs.length) % tabs.length];
    if (tab !== undefined) router.openTab(tab.name);
  };
  const help = (): void => openHelp(ui);
  const refresh = (): void => {
    session.refresh();
    messages.say('Reading everything again.');
  };
  const operations: Readonly<Record<PaletteOperation, () => void>> = {
    'add-secret': () => addSecret(ui),
    'link-chat': () => ui.chat.link(),
    help,
    refresh,
    mouse: () => toggleMouse(ui),
    quit: host.quit,
  };
  useBindings('app', [...actKeys, ...copyKeys, ...generalKeys], {
    undo: () => undoLast(ui),
    palette: () => openPalette(ui, operations),
    copy: () => {
      const { copyText } = ui.screen;
      if (copyText !== null) copy(ui, copyText, copyText);
    },
    'copy-all': () => copy(ui, ui.screen.bodyText(), null),
    refresh,
    'next-screen': () => openTab(1),
    'screen-before': () => openTab(-1),
    back: () => {
      if (!router.back()) messages.clear();
    },
    mouse: operations.mouse,
    suspend: () => {
      if (host.suspend === null)
        messages.say('HQ itself runs in this terminal and would stop, too; open another one for the shell.');
      else host.suspend();
    },
    redraw: host.redraw,
    help,
    quit: host.quit,
  });
  useInputLayer('app', (input) => {
    const tab =
      input.type === 'key' && /^\d$/.test(input.name)
        ? tabsOf(ui.screens)[Number(input.name) - 1]
        : undefined;
    if (tab === undefined) return false;
    router.openTab(tab.name);
    return true;
  });
  return null;
}

function undoLast({ messages, commands }: Ui): void {
  const undo = messages.current.get()?.undo;
  if (undo) commands.undo(undo);
  else messages.say('There is nothing to take back.');
}

function openPalette(ui: Ui, operations: Readonly<Record<PaletteOperation, () => void>>): void {
  const { gateway } = ui.screen;
  ui.overlays.open((close) => (
    <Palette
      entries={paletteEntries(ui.screens)}
      target={gateway === null ? '' : `on ${gateway.slug}`}
      onChoose={(chosen) => {
        const { target } = chosen.entry;
        if (target.kind === 'operation') operations[target.operation]();
        else runPaletteEntry(chosen, target, ui);
      }}
      onClose={close}
    />
  ));
}

function openHelp({ overlays, router, screens, screen, isReadonly }: Ui): void {
  const bindings = keysOn(screenNamed(screens, router.route.screen), screens);
  overlays.open((close) => (
    <HelpDialog title={screen.title} bindings={bindings} isReadonly={isReadonly} onClose={close} />
  ));
}

/** The agent that is open owns it unless the operator says otherwise; one that is only selected does not. */
function addSecret({ secrets, screen: { gateway, agent }, router }: Ui): void {
  secrets.add(gateway, agent?.id === router.route.id ? agent : null);
}

function copy({ host, messages }: Ui, text: string, shown: string | null): void {
  const { bytes, cut } = host.copy(text);
  messages.say(
    cut
      ? `Copied the first ${bytes} bytes: the rest is too much for a terminal.`
      : `Copied ${shown ?? `${bytes} bytes`}`,
  );
}

function toggleMouse({ mouse, host, messages }: Ui): void {
  const isOn = !mouse.get();
  mouse.set(isOn);
  host.setMouse(isOn);
  messages.say(isOn ? 'The mouse works; m gives selecting text back to the terminal.' : 'The mouse is off.');
}

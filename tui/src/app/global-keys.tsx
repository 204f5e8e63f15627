import type { ReactNode } from 'react';
import { Palette } from '../dialogs/palette.tsx';
import { paletteEntries } from '../dialogs/palette-entries.ts';
import { actKeys, copyKeys, generalKeys, tabsOf } from '../keys/app-keys.ts';
import { useBindings } from '../keys/binding.ts';
import { useInputLayer } from './keyboard.ts';
import { copy, openHelp, refresh, toggleMouse, undoLast } from './operations.tsx';
import { type Ui, useUi } from './ui.ts';

/** The keys that work on every screen. They draw nothing. */
export function GlobalKeys(): ReactNode {
  const ui = useUi();
  const { router, messages, host } = ui;
  const tabs = tabsOf(ui.screens);
  const openTab = (at: number): boolean => {
    const tab = tabs[at];
    if (tab !== undefined) router.openTab(tab.name);
    return tab !== undefined;
  };
  const openNext = (by: number): void => {
    const at = tabs.findIndex(({ name }) => name === router.trail.get()[0].screen);
    openTab((at + by + tabs.length) % tabs.length);
  };
  useBindings('app', [...actKeys, ...copyKeys, ...generalKeys], {
    undo: () => undoLast(ui),
    needs: () => router.openTab('needs'),
    palette: () => openPalette(ui),
    copy: () => {
      const { copyText } = ui.screen;
      if (copyText !== null) copy(ui, copyText, copyText);
    },
    'copy-all': () => copy(ui, ui.screen.bodyText(), null),
    refresh: () => refresh(ui),
    'next-screen': () => openNext(1),
    'screen-before': () => openNext(-1),
    back: () => {
      if (!router.back()) messages.clear();
    },
    mouse: () => toggleMouse(ui),
    suspend: () => {
      if (host.suspend === null)
        messages.say('HQ itself runs in this terminal and would stop, too; open another one for the shell.');
      else host.suspend();
    },
    redraw: host.redraw,
    help: () => openHelp(ui),
    quit: host.quit,
  });
  useInputLayer('app', (input) =>
    input.type === 'key' && /^\d$/.test(input.name) ? openTab(Number(input.name) - 1) : false,
  );
  return null;
}

function openPalette(ui: Ui): void {
  const { gateway } = ui.screen;
  ui.overlays.open((close) => (
    <Palette
      entries={paletteEntries(ui.screens)}
      target={gateway === null ? '' : `on ${gateway.slug}`}
      onChoose={({ entry, ...given }) => entry.run(ui, given)}
      onClose={close}
    />
  ));
}

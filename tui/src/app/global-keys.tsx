import { type ReactNode, useRef } from 'react';
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
  const refused = useRef('');
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
    'stop-all': () => stopOrResumeAll(ui),
    'give-task': () => giveTask(ui),
    'needs-you': () => router.openTab('needs'),
    palette: () => openPalette(ui, refused),
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

/** Asks for a task for the selected agent, or for the only one. */
function giveTask({ screen, lookups, agents, messages }: Ui): void {
  const all = [...lookups().agents.values()];
  const agent = screen.agent ?? (all.length === 1 ? all[0] : undefined);
  if (agent !== undefined) agents.giveTask(agent);
  else if (all.length === 0)
    messages.warn('There is no agent yet. `provision` in the palette (:) makes one.');
  else messages.warn(`Which of the ${all.length} agents? Select one on the screen Agents (2).`);
}

function stopOrResumeAll({ session, commands }: Ui): void {
  const isStopped = session.workspace.getSnapshot().rows.some(({ stopped_at }) => stopped_at !== null);
  commands.start({ action: isStopped ? 'resume_all' : 'stop_all', payload: {}, gateway: null });
}

/** Opens the palette with what the database refused before. */
function openPalette(ui: Ui, refused: { current: string }): void {
  const { gateway, agent } = ui.screen;
  const start = refused.current;
  refused.current = '';
  ui.overlays.open((close) => (
    <Palette
      entries={paletteEntries(ui.screens)}
      targets={{ gateway: gateway?.slug ?? null, agent: agent?.slug ?? null }}
      start={start}
      onChoose={({ entry, text, ...given }) =>
        entry.run(ui, given, () => {
          refused.current = text;
        })
      }
      onClose={close}
    />
  ));
}

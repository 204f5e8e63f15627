import { plainLine } from '@hq/shared/text';
import { errorText } from '../actions/error-text.ts';
import type { Ui } from '../app/ui.ts';
import type { OutputLine } from '../widgets/output-lines.ts';
import type { Scroll } from '../widgets/scroll.ts';
import type { moveKeys } from './app-keys.ts';
import type { Binding, Handlers } from './binding.ts';

/** For screens that show the output of a command; `moveKeys` scroll it. */
export const outputKeys = [
  { does: 'follow', keys: ['f'], short: 'follow', about: 'follow the output, or stop following' },
  { does: 'pager', keys: ['v'], short: 'pager', about: 'open the output in $PAGER' },
] as const satisfies readonly Binding[];

export function outputHandlers(
  ui: Ui,
  scroll: Scroll,
  lines: readonly OutputLine[],
): Handlers<typeof moveKeys> & Handlers<typeof outputKeys> {
  const half = (): number => Math.ceil(scroll.page / 2);
  return {
    down: () => scroll.move(1),
    up: () => scroll.move(-1),
    'half-down': () => scroll.move(half()),
    'half-up': () => scroll.move(-half()),
    'page-down': () => scroll.move(scroll.page),
    'page-up': () => scroll.move(-scroll.page),
    top: () => scroll.toTop(),
    bottom: () => scroll.toBottom(),
    follow: () => scroll.toggle(),
    pager: () => void showInPager(ui, lines),
  };
}

async function showInPager({ host, messages }: Ui, lines: readonly OutputLine[]): Promise<void> {
  // Many pagers pass on what would move the cursor or worse.
  const text = lines.map((line) => `${plainLine(line.text)}\n`).join('');
  try {
    await host.openPager(text);
  } catch (failure) {
    messages.warn(errorText(failure));
  }
}

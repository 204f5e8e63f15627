import type { Intent } from '../keymap/bindings.ts';
import type { Inside } from './inside.ts';

/** Moves in the list, or in the output where there is none; says whether the intent was about moving at all. */
export function moved(intent: Intent, inside: Inside, shownRows: number): boolean {
  const list = inside.list();
  const { scroll } = inside;
  const page = list === null ? scroll.page : Math.max(1, shownRows - 1);
  const steps: Partial<Record<Intent, number>> = {
    down: 1,
    up: -1,
    'half-down': Math.ceil(page / 2),
    'half-up': -Math.ceil(page / 2),
    'page-down': page,
    'page-up': -page,
  };
  const step = steps[intent];
  if (step !== undefined) {
    if (list === null) scroll.move(step);
    else list.move(step);
  } else if (intent === 'top') {
    if (list === null) scroll.toTop();
    else list.moveTo(0);
  } else if (intent === 'bottom') {
    if (list === null) scroll.toBottom();
    else list.moveTo(list.rows.length - 1);
  } else if (intent === 'follow') scroll.toggle();
  else return false;
  return true;
}

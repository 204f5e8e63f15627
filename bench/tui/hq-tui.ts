import { fileURLToPath } from 'node:url';

/** `hq-tui` as an operator runs it: a program that finds its Node by itself. */
export const hqTui = fileURLToPath(new URL('../../tui/bin/hq-tui.mjs', import.meta.url));

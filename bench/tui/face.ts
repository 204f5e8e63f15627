import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** `hq-tui` as an operator runs it: a program that finds its Node by itself. */
export const face = fileURLToPath(new URL('../../tui/bin/hq-tui.mjs', import.meta.url));

/** Where it finds the Node that runs the bench. */
export const path = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);

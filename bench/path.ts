import { delimiter, dirname } from 'node:path';

/** Where programs that look for a Node by themselves find the one that runs the bench. */
export const path = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);

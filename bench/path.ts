import { delimiter, dirname } from 'node:path';

/** PATH in which programs find the Node that runs the bench. */
export const path = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);

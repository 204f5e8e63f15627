/** Name of HQ's backend in OpenClaw's configuration. */
export const backendId = 'hq-bwrap';

import { inboxTools } from './inbox-tools.ts';
import { questionTools } from './question-tools.ts';
import { taskTools } from './task-tools.ts';

/** Every tool of HQ. Their names are also in `openclaw.plugin.json`, without which OpenClaw does not register them. */
export const hqTools = [...inboxTools, ...taskTools, ...questionTools];

import type { AddCommand } from '../command.ts';
import { addAgents } from './agents.ts';
import { addAlerts } from './alerts.ts';
import { addAudit } from './audit.ts';
import { addCancel } from './cancel.ts';
import { addChat } from './chat/index.ts';
import { addCommands } from './commands.ts';
import { addComplete } from './complete.ts';
import { addCompletion } from './completion.ts';
import { addGateways } from './gateways.ts';
import { addLogin } from './login.ts';
import { addLogout } from './logout.ts';
import { addRun } from './run.ts';
import { addSecrets } from './secrets/index.ts';
import { addStatus } from './status.ts';
import { addWatch } from './watch.ts';
import { addWhoami } from './whoami.ts';

/** Commands in the order of the help. */
export const commands: readonly AddCommand[] = [
  addStatus,
  addGateways,
  addAgents,
  addCommands,
  addAlerts,
  addAudit,
  addRun,
  addWatch,
  addCancel,
  addSecrets,
  addChat,
  addLogin,
  addLogout,
  addWhoami,
  addCompletion,
  addComplete,
];

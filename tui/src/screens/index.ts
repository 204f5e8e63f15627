import type { Screen } from '../app/screen.ts';
import { agentScreen } from './agent.tsx';
import { agentsScreen } from './agents.tsx';
import { alertsScreen } from './alerts.tsx';
import { auditScreen } from './audit.tsx';
import { chatScreen } from './chat.tsx';
import { commandScreen } from './command.tsx';
import { commandsScreen } from './commands.tsx';
import { fleetScreen } from './fleet.tsx';
import { needsScreen } from './needs.tsx';
import { pairingsScreen } from './pairings.tsx';
import { secretScreen } from './secret.tsx';
import { secretsScreen } from './secrets.tsx';
import { sessionScreen } from './session.tsx';

/** Every screen. Those with a tab are numbered in this order. */
export const screens: readonly Screen[] = [
  fleetScreen,
  agentsScreen,
  agentScreen,
  sessionScreen,
  pairingsScreen,
  commandsScreen,
  commandScreen,
  alertsScreen,
  auditScreen,
  secretsScreen,
  secretScreen,
  chatScreen,
  needsScreen,
];

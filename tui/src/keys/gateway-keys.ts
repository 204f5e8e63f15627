import type { ActionName } from '@hq/shared/actions';
import type { GatewayRow } from '@hq/shared/rows';
import type { Ui } from '../app/ui.ts';
import type { Binding, Handlers } from './binding.ts';

/** For screens on which a gateway is selected, open, or meant. */
export const gatewayKeys = [
  { does: 'restart', keys: ['R'], short: 'restart', about: 'restart the gateway', writes: true },
  { does: 'pause', keys: ['p'], short: 'pause', about: 'pause or resume the gateway', writes: true },
  { does: 'logs', keys: ['L'], short: 'logs', about: 'tail the gateway’s logs', writes: true },
  { does: 'status', keys: ['S'], about: 'ask for the services of the stack', writes: true },
  { does: 'restart-dispatcher', keys: ['D'], about: 'restart the dispatcher', writes: true },
] as const satisfies readonly Binding[];

export function gatewayHandlers(
  { commands, messages }: Ui,
  gateway: GatewayRow | null,
): Handlers<typeof gatewayKeys> {
  const start = (action: ActionName) => (): void => {
    if (gateway === null) messages.say('No gateway is selected.', 'warn');
    else commands.start({ action, payload: {}, gateway });
  };
  return {
    restart: start('restart_gateway'),
    pause: start(gateway?.status === 'paused' ? 'resume_gateway' : 'pause_gateway'),
    logs: start('tail_logs'),
    status: start('stack_status'),
    'restart-dispatcher': start('restart_dispatcher'),
  };
}

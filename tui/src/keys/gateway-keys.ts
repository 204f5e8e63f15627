import type { ActionName } from '@hq/shared/actions';
import type { GatewayRow } from '@hq/shared/rows';
import type { Ui } from '../app/ui.ts';
import type { Binding, Handlers } from './binding.ts';

const aimed = { writes: true, aimsAt: 'gateway' } as const;

const pauseKey = {
  does: 'pause',
  keys: ['p'],
  short: 'pause',
  about: 'pause or resume the gateway',
  ...aimed,
} as const;

/** For screens on which something of a gateway is selected or open, and `p` means that. */
export const otherGatewayKeys = [
  { does: 'restart', keys: ['R'], short: 'restart', about: 'restart the gateway', ...aimed },
  { does: 'logs', keys: ['L'], short: 'logs', about: 'tail the gateway’s logs', ...aimed },
  { does: 'status', keys: ['S'], about: 'ask for the services of the stack', ...aimed },
  { does: 'restart-dispatcher', keys: ['D'], about: 'restart the dispatcher', ...aimed },
] as const satisfies readonly Binding[];

const [restartKey, ...readKeys] = otherGatewayKeys;

/** For screens on which a gateway is selected, open, or meant. */
export const gatewayKeys = [restartKey, pauseKey, ...readKeys] as const;

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

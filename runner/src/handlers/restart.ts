import { HqError } from '@hq/shared/errors';
import type { Handler, HandlerContext } from '../handler.ts';

export const restartGateway: Handler<'restart_gateway'> = (_payload, context) => restart('gateway', context);

export const restartDispatcher: Handler<'restart_dispatcher'> = async (_payload, context) => {
  const services = await context.stack.services(context.signal);
  if (services.some((service) => service.name === 'dispatcher')) return restart('dispatcher', context);
  throw new HqError('not_found', 'This stack has no dispatcher.', {
    hint: 'Add a service named "dispatcher" to the stack, or restart the gateway.',
  });
};

async function restart(service: string, { stack, signal, output, progress }: HandlerContext) {
  const { tookMs } = await stack.restart(service, {
    signal,
    onOutput: (line) => {
      output.line(line);
      progress(null, line);
    },
  });
  return { service, tookMs };
}

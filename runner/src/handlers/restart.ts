import type { Handler, HandlerContext } from '../handler.ts';

export const restartGateway: Handler<'restart_gateway'> = (_payload, context) => restart('gateway', context);

export const restartDispatcher: Handler<'restart_dispatcher'> = async (_payload, context) => {
  const services = await context.stack.services(context.signal);
  if (services.some((service) => service.name === 'dispatcher')) return restart('dispatcher', context);
  const beganAt = performance.now();
  const turns = context.dispatcher.restart();
  context.output.line(
    `restarted the dispatcher of this runner; it follows ${turns} ${turns === 1 ? 'turn' : 'turns'} anew`,
  );
  return { service: 'dispatcher', tookMs: performance.now() - beganAt };
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

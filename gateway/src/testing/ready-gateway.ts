import { withStartLock } from '../../../db/testing/start-lock.ts';
import {
  becomesReady,
  killGateway,
  type RunningGateway,
  startGateway,
  type TestHome,
} from './running-gateway.ts';

/** Starts hq-gateway with the real OpenClaw, and waits until it is ready. */
export function startReadyGateway(
  home: TestHome,
  variables: Readonly<Record<string, string>> = {},
): Promise<RunningGateway> {
  return withStartLock(async () => {
    const gateway = startGateway(home, variables);
    try {
      await becomesReady(home, gateway);
      return gateway;
    } catch (error) {
      killGateway(gateway);
      await gateway.exited;
      throw error;
    }
  });
}

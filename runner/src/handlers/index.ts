import { describeServices } from '@hq/shared/actions';
import type { Handlers } from '../handler.ts';
import { agentHandlers } from './agents.ts';
import { authSetApiKey } from './auth-set-api-key.ts';
import { listModels } from './list-models.ts';
import { readSession } from './read-session.ts';
import { restartDispatcher, restartGateway } from './restart.ts';
import { tailLogs } from './tail-logs.ts';
import { wakeAgent } from './wake-agent.ts';

export const handlers: Handlers = {
  ...agentHandlers,
  wake_agent: wakeAgent,
  read_session: readSession,
  list_models: listModels,
  ping: (_payload, { runnerId }) => Promise.resolve({ runner: runnerId }),
  stack_status: async (_payload, { stack, signal, output }) => {
    const services = await stack.services(signal);
    output.line(describeServices(services));
    return { services: [...services] };
  },
  tail_logs: tailLogs,
  restart_gateway: restartGateway,
  restart_dispatcher: restartDispatcher,
  auth_set_api_key: authSetApiKey,
  pause_gateway: async (_payload, { setPaused }) => {
    await setPaused(true);
    return { status: 'paused' };
  },
  resume_gateway: async (_payload, { setPaused }) => {
    await setPaused(false);
    return { status: 'ready' };
  },
};

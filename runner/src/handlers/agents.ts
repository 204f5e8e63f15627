import { HqError } from '@hq/shared/errors';
import type { Handlers } from '../handler.ts';

const refuse = () =>
  Promise.reject(
    new HqError('failed', 'This runner does not operate agents yet.', { hint: 'Update the runner.' }),
  );

/** Handlers of the actions on agents. */
export const agentHandlers: Pick<
  Handlers,
  | 'approve_pairing'
  | 'list_models'
  | 'provision'
  | 'remove'
  | 'restart_session'
  | 'set_agent_model'
  | 'update'
  | 'update_all'
  | 'wake_agent'
> = {
  approve_pairing: refuse,
  list_models: refuse,
  provision: refuse,
  remove: refuse,
  restart_session: refuse,
  set_agent_model: refuse,
  update: refuse,
  update_all: refuse,
  wake_agent: refuse,
};

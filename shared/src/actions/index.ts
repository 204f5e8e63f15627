export {
  type Action,
  type Danger,
  dangers,
  type Executor,
  type Lane,
  type Origin,
  origins,
  type RetryRule,
  type Role,
  roles,
} from './action.ts';
export {
  type ActionName,
  actionNames,
  type Catalogue,
  catalogue,
  isActionName,
  isRunnerActionName,
  type PayloadOf,
  type ResultOf,
  type RunnerActionName,
} from './catalogue.ts';
export { describeResult, resultWarning } from './describe-result.ts';
export {
  describeField,
  describeFields,
  type PayloadField,
  payloadFields,
  readPayload,
} from './payload-fields.ts';
export {
  describeServices,
  type ServiceHealth,
  type ServiceStatus,
  serviceHealth,
  serviceStatus,
} from './services.ts';

export {
  type Action,
  type Danger,
  dangers,
  type Hand,
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
export { type PayloadField, payloadFields, readPayload, tellField, tellFields } from './payload-fields.ts';
export {
  describeServices,
  type ServiceHealth,
  type ServiceStatus,
  serviceHealth,
  serviceStatus,
} from './services.ts';
export { tellResult } from './tell-result.ts';

export { callsAnswer, callsRequest, type OpenClawAnswer, openClawAnswer, openClawCall } from './calls.ts';
export { errorOfFault, faultOf, type GatewayFault, gatewayFault } from './fault.ts';
export { decodeFiles, encodeFiles, fileLimits, type StreamedFile } from './file-stream.ts';
export { leadsOut } from './link-target.ts';
export { type BootStep, confinementFinding, type GatewayStatus, gatewayStatus } from './status.ts';
export {
  type TurnFault,
  type TurnLine,
  type TurnRequest,
  type TurnResult,
  type TurnState,
  turnAbort,
  turnAborted,
  turnLine,
  turnRequest,
  turnResult,
  turnState,
} from './turns.ts';

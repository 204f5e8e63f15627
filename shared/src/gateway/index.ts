export { callsAnswer, callsRequest, type OpenClawAnswer, openClawAnswer, openClawCall } from './calls.ts';
export { errorOfFault, faultOf, type GatewayFault, gatewayFault } from './fault.ts';
export { decodeFiles, encodeFiles, fileLimits, type StreamedFile } from './file-stream.ts';
export { type BootStep, confinementFinding, type GatewayStatus, gatewayStatus } from './status.ts';
export {
  type TurnLine,
  type TurnRequest,
  type TurnResult,
  turnLine,
  turnRequest,
  turnResult,
} from './turns.ts';

export { counted } from './counted.ts';
export { parseJson } from './json.ts';
export { nearestNames } from './nearest-names.ts';
export { chatLine, chatLines, plain, plainLine, plainLines } from './plain.ts';
export { mostKeyLines, withoutCutKey } from './private-keys.ts';
export { createRedactor, longestSecret, type Redactor, withoutShapes } from './redactor.ts';
export {
  age,
  ageOf,
  ago,
  agoOf,
  byTime,
  duration,
  elapsed,
  isoTime,
  localTime,
  microseconds,
  msSince,
  utcTime,
} from './time.ts';
export { truncate, truncateStart } from './truncate.ts';

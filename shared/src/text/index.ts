export { parseJson } from './json.ts';
export { chatLine, chatLines, plain, plainLine, plainLines } from './plain.ts';
export { createRedactor, longestSecret, type Redactor } from './redactor.ts';
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

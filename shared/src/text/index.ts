export { age, bytes, duration } from './amounts.ts';
export { plain, plainLine } from './plain.ts';
export { createRedactor, longestSecret, type Redactor } from './redactor.ts';

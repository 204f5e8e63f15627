export { age, bytes, duration } from './amounts.ts';
export { plain, plainLine } from './plain.ts';

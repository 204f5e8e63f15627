export { createLiveQuery, type LiveQuery, type LiveQueryOptions } from './live-query.ts';
export type { LiveSnapshot, LiveStatus } from './live-snapshot.ts';
export type { LiveTiming } from './live-timing.ts';
export { readAll } from './read-all.ts';
export {
  type Change,
  type ChangeBinding,
  type ChangesClient,
  type ChangesState,
  type Watch,
  type WatchOptions,
  watchChanges,
} from './watch-changes.ts';

export {
  createLiveQuery,
  type LiveQuery,
  type LiveQueryOptions,
  type LiveSnapshot,
  type LiveStatus,
  type LiveTiming,
} from './live-query.ts';
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
export { createWindow, type RowRules, type RowWindow } from './window.ts';

export type { Answer } from './ask.ts';
export { createDatabaseClock, type DatabaseClock } from './clock.ts';
export { type ConnectOptions, connect, type HqClient } from './connect.ts';
export { type DatabaseFault, databaseError, unansweredError } from './database-error.ts';
export type { CommandRequest, Enqueued } from './enqueue.ts';
export { fileStorage, loginFilePath, readLogin, removeLogin } from './login-file.ts';
export { type Member, noMember } from './member.ts';
export { readAnswer } from './read-answer.ts';
export { memoryStorage, type SessionStorage } from './session-storage.ts';

/** Where an HQ is and how its member gets in, without what talks to it: that is much, and comes with `client`. */
export { addressOf } from './address.ts';
export type { ConnectOptions, HqClient } from './connect.ts';
export { fileStorage, loginFilePath, readLogin, removeLogin } from './login-file.ts';
export { memoryStorage } from './session-storage.ts';

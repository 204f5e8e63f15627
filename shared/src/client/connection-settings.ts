/** The settings and the stored login of an HQ, without the client, which takes much longer to load. */
export { addressOf } from './address.ts';
export type { ConnectOptions, HqClient } from './connect.ts';
export {
  fileStorage,
  isSignedOut,
  loginFilePath,
  readLogin,
  rememberSignedOut,
  removeLogin,
} from './login-file.ts';
export { noMember } from './member.ts';
export { memoryStorage } from './session-storage.ts';

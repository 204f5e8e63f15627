export { openCredential, sealCredential } from './credential.ts';
export { envLine } from './env-line.ts';
export {
  EnvelopeError,
  type EnvelopeFault,
  envelopePrefix,
  seal,
  type Unsealed,
  unseal,
} from './envelope.ts';
export {
  hostedKey,
  maskedKeyNames,
  readSecretsKeys,
  type SecretsKey,
  type SecretsKeys,
  serviceRoleKey,
} from './key.ts';
export { modelServerProvider, providerOfKey } from './providers.ts';
export { reservedNames, reservedPrefixes } from './reserved-names.ts';
export {
  largestSecretValue,
  longestSecretName,
  secretNameFault,
  secretNamePattern,
  secretValueFault,
} from './rules.ts';

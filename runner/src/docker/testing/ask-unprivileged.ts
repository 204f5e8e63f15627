// Asks an engine for its services as a user without rights, and prints how it failed. Modules are loaded beforehand,
// because that user may not be allowed to read them either.

import { HqError } from '@hq/shared/errors';
import { createRedactor } from '@hq/shared/text';
import { openDockerStack } from '../docker-stack.ts';

const stack = await openDockerStack({
  project: 'hq',
  redactor: createRedactor([]),
  controlSocket: '/nowhere',
  dockerHost: process.argv[2],
});
if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setegid?.(65_534);
  process.seteuid?.(65_534);
}
try {
  await stack.services(AbortSignal.timeout(10_000));
} catch (error) {
  if (!(error instanceof HqError)) throw error;
  const { code, message, hint } = error;
  process.stdout.write(JSON.stringify({ code, message, hint }));
}

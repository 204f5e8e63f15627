import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { HqError } from '@hq/shared/errors';
import { z } from 'zod';

const description = z.object({ version: z.string(), bin: z.object({ openclaw: z.string() }) });

export interface OpenClawPackage {
  /** Path of OpenClaw's command line. */
  readonly program: string;
  readonly version: string;
}

/** Finds the installed OpenClaw. Throws `failed` where there is none. */
export function findOpenClaw(): OpenClawPackage {
  const file = findPackageJSON('openclaw', import.meta.url);
  if (file === undefined) {
    throw new HqError('failed', 'OpenClaw is not installed.', { hint: 'Run `npm ci` in HQ’s directory.' });
  }
  const { version, bin } = description.parse(JSON.parse(readFileSync(file, 'utf8')));
  return { program: join(dirname(file), bin.openclaw), version };
}

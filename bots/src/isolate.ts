/** The thread of one adapter. */
import { workerData } from 'node:worker_threads';
import { z } from 'zod';
import { platforms } from './core/inbound.ts';
import { platformModules } from './platforms.ts';
import { collectWhenQuiet } from './supervisor/collect-when-quiet.ts';
import { serveIsolate } from './supervisor/serve-isolate.ts';

const { platform } = z.object({ platform: z.enum(platforms) }).parse(workerData);
const module = platformModules.find((one) => one.platform === platform);
if (module === undefined) throw new Error(`there is no adapter for ${platform}`);
await serveIsolate(module, process.env);
collectWhenQuiet();

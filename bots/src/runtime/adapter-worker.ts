/** The thread of one adapter. */
import { workerData } from 'node:worker_threads';
import { useProxy } from '@hq/shared/program';
import { z } from 'zod';
import { platforms } from '../contract/inbound.ts';
import { platformModules } from '../platforms/index.ts';
import { collectWhenIdle } from './collect-when-idle.ts';
import { serveAdapter } from './serve-adapter.ts';

const { platform } = z.object({ platform: z.enum(platforms) }).parse(workerData);
const module = platformModules.find((one) => one.platform === platform);
if (module === undefined) throw new Error(`there is no adapter for ${platform}`);
useProxy(process.env);
await serveAdapter(module, process.env);
collectWhenIdle();

import type { PlatformModule } from '../contract/adapter.ts';
import type { Platform } from '../contract/inbound.ts';
import { discord } from './discord/index.ts';
import { slack } from './slack/index.ts';
import { telegram } from './telegram/index.ts';

/** One module for each platform of `shared/src/chat/platforms.ts`. Loads no platform's library. */
const modules: Readonly<Record<Platform, PlatformModule>> = { slack, discord, telegram };

export const platformModules: readonly PlatformModule[] = Object.values(modules);

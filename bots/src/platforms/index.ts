import type { PlatformModule } from '../contract/adapter.ts';
import { discord } from './discord/index.ts';
import { slack } from './slack/index.ts';
import { telegram } from './telegram/index.ts';

/** Every platform that there is an adapter for. None of this loads a platform's library. */
export const platformModules: readonly PlatformModule[] = [slack, discord, telegram];

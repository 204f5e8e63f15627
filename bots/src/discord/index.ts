import type { PlatformModule } from '../core/adapter.ts';
import { configure, variables } from './configuration.ts';

export const discord: PlatformModule = { platform: 'discord', variables, configure };

import type { PlatformModule } from '../../contract/adapter.ts';
import { configure, variables } from './settings.ts';

export const discord: PlatformModule = { platform: 'discord', variables, configure };

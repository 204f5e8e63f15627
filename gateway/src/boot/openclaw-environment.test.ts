import { expect, it } from 'vitest';
import { gatewayPaths } from '../environment.ts';
import { openClawEnvironment } from './openclaw-environment.ts';

it('OpenClaw’s environment has no key of HQ, and nothing that is not on the list', () => {
  const variables = {
    PATH: '/bin',
    HOME: '/home/node',
    TZ: 'UTC',
    SUPABASE_SERVICE_ROLE_KEY: 'secret',
    SUPABASE_ANON_KEY: 'public',
    SUPABASE_URL: 'https://hq.example',
    ANTHROPIC_API_KEY: 'secret',
    OPENCLAW_TRIAGE: '1',
    NODE_OPTIONS: '--inspect',
  };
  const env = openClawEnvironment(variables, gatewayPaths('/state'), 'token');
  expect(Object.keys(env).sort()).toEqual([
    'DO_NOT_TRACK',
    'HOME',
    'MALLOC_ARENA_MAX',
    'NODE_COMPILE_CACHE',
    'OPENCLAW_DISABLE_BONJOUR',
    'OPENCLAW_GATEWAY_TOKEN',
    'OPENCLAW_NO_AUTO_UPDATE',
    'OPENCLAW_NO_RESPAWN',
    'OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED',
    'OPENCLAW_STATE_DIR',
    'OPENCLAW_SUPERVISOR_MODE',
    'PATH',
    'TZ',
  ]);
});

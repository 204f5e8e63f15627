import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@hq/shared/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvironment as readBotsEnvironment } from '../bots/src/runtime/environment.ts';
import { connectDatabase } from '../runner/src/database.ts';
import { readEnvironment as readRunnerEnvironment } from '../runner/src/environment.ts';
import { Realtime } from '../runner/src/realtime.ts';

const stranger = 65_534;
const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
const gatewayId = '00000000-0000-4000-8000-000000000000';
const serviceRoleKey = 'sb_secret_of_the_service_role';

describe.runIf(isRoot)('while HQ is down and another user of the machine has its port', () => {
  let child: ChildProcess;
  let url: string;
  let got = '';

  beforeEach(async () => {
    got = '';
    const program = `
      const server = require('node:net').createServer((socket) => {
        process.stdout.write('[connected]');
        socket.on('data', (bytes) => process.stdout.write(bytes)).on('error', () => undefined);
      });
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
    const listener = spawn(process.execPath, ['-e', program], {
      uid: stranger,
      gid: stranger,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = listener;
    const [port] = await once(listener.stdout, 'data');
    url = `http://127.0.0.1:${Number(port)}`;
    listener.stdout.on('data', (bytes) => {
      got += String(bytes);
    });
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('a client sends it no password, token or key', async () => {
    const hq = connect({ url, anonKey: 'sb_publishable_of_everybody', timeoutMs: 1_000 });
    const fault = {
      code: 'unreachable',
      message: expect.stringContaining('belongs to another user'),
      hint: expect.stringContaining('HQ_OWNER'),
    };
    await expect(hq.signIn('ann@example.test', 'correct-horse')).rejects.toMatchObject(fault);
    await expect(hq.hasSession()).rejects.toMatchObject(fault);
    await expect(hq.whoami()).rejects.toMatchObject(fault);
    await expect(hq.enqueue({ action: 'ping', origin: 'cli' })).rejects.toMatchObject(fault);
    const { error } = await hq.supabase.from('agents').select();
    expect(error).not.toBeNull();
    hq.supabase.channel('agents').subscribe();
    await sleep(1_500);
    await hq.close();
    expect(got).toBe('');
  });

  it('a runner sends it no service-role key, and goes on trying', async () => {
    const database = connectDatabase({ url, serviceRoleKey, timeoutMs: 1_000 });
    const found = () => database.findGateway('default', AbortSignal.timeout(5_000));
    for (let tries = 0; tries < 2; tries += 1) {
      await expect(found()).rejects.toMatchObject({
        code: 'unreachable',
        message: expect.stringContaining('belongs to another user'),
      });
    }
    const realtime = new Realtime({
      url,
      serviceRoleKey,
      gatewayId,
      onCommandHint: () => undefined,
      onGateway: () => undefined,
      onTrustChange: () => undefined,
      onHeartbeatWanted: () => undefined,
    });
    await sleep(1_500);
    await realtime.close();
    database.close();
    expect(got).toBe('');
  });
});

describe('an address that anybody on the way can read', () => {
  const far = 'http://hq.example.org';
  const fault = { code: 'usage', field: 'SUPABASE_URL', message: expect.stringContaining('must be https') };

  it('is refused by a client', () => {
    expect(() => connect({ url: far, anonKey: 'sb_publishable_x' })).toThrow(expect.objectContaining(fault));
  });

  it('is refused by a runner', () => {
    const variables = {
      SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey,
      GATEWAY_ID: 'default',
      RUNTIME_MODE: 'process',
      GATEWAY_HOME: '/var/lib/hq',
    };
    expect(() => readRunnerEnvironment({ ...variables, SUPABASE_URL: far })).toThrow(
      expect.objectContaining(fault),
    );
    for (const near of [
      'http://127.0.0.1:54321',
      'http://host.docker.internal:54321',
      'https://hq.example.org',
    ]) {
      expect(readRunnerEnvironment({ ...variables, SUPABASE_URL: near }).SUPABASE_URL).toBe(near);
    }
  });

  it('is refused by the bots', () => {
    const variables = {
      SUPABASE_ANON_KEY: 'sb_publishable_x',
      HQ_BOT_EMAIL: 'bot@example.test',
      HQ_BOT_PASSWORD: 'correct-horse',
    };
    expect(() => readBotsEnvironment({ ...variables, SUPABASE_URL: far })).toThrow(
      expect.objectContaining(fault),
    );
    expect(() => readBotsEnvironment({ ...variables, SUPABASE_URL: 'http://localhost:54321' })).not.toThrow();
  });
});

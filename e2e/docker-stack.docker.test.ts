import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSecretsKeys, seal } from '@hq/shared/secrets';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { withStartLock } from '../db/testing/start-lock.ts';
import { type StackMember, startTestStack, type TestStack } from '../local/testing/stack.ts';
import { ComposeProject, docker } from '../runner/src/docker/testing/compose-project.ts';
import { call } from '../tui/testing/call.ts';
import { type BridgeProxy, openBridgeProxy } from './docker-bridge-proxy.ts';

const composeFile = fileURLToPath(new URL('../compose.yaml', import.meta.url));

const inspected = z.tuple([
  z.object({
    Config: z.object({ User: z.string(), Env: z.array(z.string()) }),
    HostConfig: z.object({
      Privileged: z.boolean(),
      ReadonlyRootfs: z.boolean(),
      CapAdd: z.array(z.string()).nullable(),
      CapDrop: z.array(z.string()).nullable(),
      SecurityOpt: z.array(z.string()).nullable(),
      PortBindings: z.record(z.string(), z.unknown()).nullable(),
    }),
    Mounts: z.array(z.object({ Type: z.string(), Destination: z.string(), RW: z.boolean() })),
    NetworkSettings: z.object({ Networks: z.record(z.string(), z.unknown()) }),
  }),
]);

const commandRow = z.object({
  id: z.string(),
  status: z.string(),
  result: z.unknown(),
  error_message: z.string().nullable(),
  stdout: z.string().nullable(),
});

let hq: TestStack;
let proxy: BridgeProxy;
let folder: string;
let project: ComposeProject;
let operator: Awaited<ReturnType<TestStack['clientOf']>>;
let admin: typeof operator;
let viewer: StackMember;
/** Slug of the gateway that the stack registers. */
const gateway = 'attic';
/** Milliseconds that a command may take on a machine that is busy with other tests. */
const commandMs = 400_000;

beforeAll(async () => {
  hq = await startTestStack();
  proxy = await openBridgeProxy(hq.port);
  folder = await mkdtemp(join(tmpdir(), 'hq-key-'));
  admin = await hq.clientOf(await hq.createMember('admin'));
  const { data: issued } = await admin.rpc('issue_gateway_token', { p_label: null, p_minutes: 60 });
  project = new ComposeProject(composeFile, {
    SUPABASE_URL: `http://host.docker.internal:${proxy.port}`,
    SUPABASE_SERVICE_ROLE_KEY_FILE: await secretFile('key', hq.serviceRoleKey),
    SUPABASE_ANON_KEY: hq.anonKey,
    GATEWAY_REGISTRATION_TOKEN_FILE: await secretFile('token', issued.token),
    GATEWAY_NAME: gateway,
    HQ_REHEARSAL: '1',
    DOCKER_GID: await docker([
      'run',
      '--rm',
      '--network=none',
      '--volume=/var/run/docker.sock:/docker.sock',
      'node:24-slim',
      'stat',
      '-c',
      '%g',
      '/docker.sock',
    ]),
    HQ_VERSION: 'test',
  });
  operator = await hq.clientOf(await hq.createMember('operator'));
  viewer = await hq.createMember('viewer');
  await project.compose('build', '--quiet');
  await withStartLock(() => project.compose('up', '--detach', '--wait'));
}, 3 * commandMs);

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
  await proxy.close();
  await hq.close();
}, 120_000);

/** Writes a file that only the user of the runner may read. */
async function secretFile(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  if (process.getuid?.() === 0) {
    await chown(path, 1000, 1000);
    await chmod(path, 0o400);
  }
  return path;
}

/** Sends a command as an operator does, and gives its row when it has ended. */
async function ended(action: string, payload: object = {}, agent?: string, by = operator) {
  const target = agent === undefined ? { p_gateway: gateway } : { p_agent: agent };
  const { data, error } = await by.rpc('enqueue_command', {
    p_action: action,
    p_payload: payload,
    ...target,
  });
  if (error) throw error;
  const { command } = z.object({ command: z.object({ id: z.string() }) }).parse(data);
  return vi.waitUntil(
    async () => {
      const { data: rows } = await operator
        .from('agent_commands')
        .select('id, status, result, error_message, stdout')
        .eq('id', command.id);
      const [row] = z.array(commandRow).parse(rows);
      return row !== undefined && ['done', 'failed', 'cancelled'].includes(row.status) ? row : undefined;
    },
    { timeout: commandMs, interval: 250 },
  );
}

/** Runs a command by a turn of an agent, and returns what the agent says of it. */
async function ran(agent: string, command: string): Promise<string> {
  const row = await ended('wake_agent', { message: `run: ${command}` }, agent);
  expect(row).toMatchObject({ status: 'done', error_message: null });
  return z.object({ text: z.string() }).parse(row.result).text;
}

async function inspect(service: string) {
  const [container] = inspected.parse(
    JSON.parse(await docker(['inspect', await project.container(service)])),
  );
  return container;
}

async function inGateway(script: string): Promise<string> {
  return docker(['exec', await project.container('gateway'), 'sh', '-c', script]);
}

/** Runs a script beside a gateway that does not run. */
async function onStateVolume(script: string): Promise<void> {
  const volume = `--volume=${project.name}_gateway-state:/home/node`;
  await docker(['run', '--rm', '--network=none', volume, '--entrypoint=sh', 'hq-gateway:test', '-c', script]);
}

describe('the stack of compose.yaml', () => {
  test('runs both services without rights, and publishes no port', async () => {
    for (const service of ['runner', 'gateway']) {
      const { Config, HostConfig } = await inspect(service);
      expect(Config.User, service).toBe('node');
      expect(HostConfig, service).toEqual({
        Privileged: false,
        ReadonlyRootfs: true,
        CapAdd: null,
        CapDrop: ['ALL'],
        // Jails of agents need user namespaces and a /proc of their own.
        SecurityOpt:
          service === 'runner'
            ? ['no-new-privileges:true']
            : ['no-new-privileges:true', expect.stringMatching(/^seccomp=\{.*"SCMP_ACT_ERRNO"/s)],
        PortBindings: {},
      });
    }
  });

  test('lets agents run commands in jails', async () => {
    const jail =
      'bwrap --unshare-user --unshare-net --unshare-pid --disable-userns --ro-bind / / --proc /proc id -u';
    expect((await inGateway(jail)).trim()).toBe('1000');
  });

  test('mounts nothing of the host but the socket and the key files, and those for the runner alone', async () => {
    const runner = await inspect('runner');
    expect(
      runner.Mounts.filter(({ Type }) => Type !== 'tmpfs')
        .map(({ Type, Destination }) => `${Type} ${Destination}`)
        .sort(),
    ).toEqual([
      'bind /run/secrets/gateway_registration_token',
      'bind /run/secrets/hosted_secrets_key',
      'bind /run/secrets/hosted_secrets_key_previous',
      'bind /run/secrets/supabase_service_role_key',
      'bind /run/secrets/supabase_service_role_key_previous',
      'bind /var/run/docker.sock',
      'volume /var/lib/hq/control',
      'volume /var/lib/hq/secrets',
    ]);
    const gateway = await inspect('gateway');
    expect(
      gateway.Mounts.filter(({ Type }) => Type !== 'tmpfs')
        .map(({ Type, Destination, RW }) => [Type, Destination, RW])
        .sort(),
    ).toEqual([
      ['volume', '/home/node', true],
      ['volume', '/home/node/.openclaw/secrets', false],
      ['volume', '/var/lib/hq/control', true],
    ]);
  });

  test('keeps the service-role key from the gateway and from docker inspect', async () => {
    for (const service of ['runner', 'gateway']) {
      expect(await docker(['inspect', await project.container(service)]), service).not.toContain(
        hq.serviceRoleKey,
      );
    }
    const held = await inGateway(
      'cat /proc/[0-9]*/environ | tr "\\0" "\\n"; cat /home/node/.openclaw/openclaw.json',
    );
    expect(held).toContain('OPENCLAW_GATEWAY_TOKEN=');
    expect(held).not.toContain(hq.serviceRoleKey);
    expect(held).not.toContain('SERVICE_ROLE');
    expect(await inGateway('ls /run/secrets 2>&1 || true')).toContain('No such file');
  });

  test('keeps the gateway out of the runner’s network', async () => {
    const networksOf = async (service: string) =>
      Object.keys((await inspect(service)).NetworkSettings.Networks);
    expect(await networksOf('runner')).toEqual([`${project.name}_control`]);
    expect(await networksOf('gateway')).toEqual([`${project.name}_agents`]);
  });

  test('creates a token of the gateway that only its user may read', async () => {
    expect(await inGateway('stat -c "%a %U" /home/node/.openclaw/gateway-token')).toBe('600 node');
    expect(await inGateway('cat /home/node/.openclaw/gateway-token')).toMatch(/^[0-9a-f]{64}$/);
  });

  test('registers itself once with a token, also after its runner was replaced', async () => {
    const registered = () =>
      hq.database.query(
        `select g.slug from gateways g join gateway_registration_tokens t on t.consumed_by_gateway_id = g.id`,
      );
    expect(await registered()).toEqual([{ slug: gateway }]);
    await project.compose('up', '--detach', '--wait', '--force-recreate', '--no-deps', 'runner');
    expect(await ended('ping')).toMatchObject({ status: 'done' });
    expect(await registered()).toEqual([{ slug: gateway }]);
  });

  test('shows its services to an operator', async () => {
    const row = await ended('stack_status');
    expect(row).toMatchObject({
      status: 'done',
      result: {
        services: [
          { name: 'gateway', health: 'healthy', version: 'hq-gateway:test', restarts: 0 },
          { name: 'runner', health: 'healthy', version: 'hq-runner:test', restarts: 0 },
        ],
      },
    });
  });

  test('shows its log to an operator, without the gateway’s token', async () => {
    const row = await ended('tail_logs', { service: 'gateway', lines: 50 });
    expect(row).toMatchObject({ status: 'done', result: { service: 'gateway' } });
    expect(row.stdout).toContain('[gateway] ready');
    expect(row.stdout).not.toContain(await inGateway('cat /home/node/.openclaw/gateway-token'));
  });

  test(
    'provisions an agent, which works on its inbox with a credential of its own',
    async () => {
      expect(await ended('provision', { slug: 'maya', name: 'Maya' })).toMatchObject({
        status: 'done',
        result: { agent: 'maya', branch: 'maya' },
      });
      const [task] = await hq.database.query<{ id: string }>(
        `insert into tasks (title, assignee_agent_id) select 'Write the minutes', id from agents where slug = 'maya' returning id`,
      );
      // The dispatcher of the runner wakes it.
      await vi.waitFor(
        async () =>
          expect(
            await hq.database.query(
              `select distinct i.status, c.actor_agent_id = i.agent_id as is_own, e.review_status from agent_inbox_items i
               join comments c on c.entity_id = i.task_id join entity_links e on e.owner_id = i.task_id where i.task_id = $1`,
              [task?.id],
            ),
          ).toEqual([{ status: 'done', is_own: true, review_status: 'in_review' }]),
        { timeout: commandMs, interval: 1_000 },
      );
    },
    2 * commandMs,
  );

  test(
    'runs a command of an agent in its jail, or says why not, as `hq-tui doctor` does',
    async () => {
      const text = await ran('maya', 'pwd; id -un; ls -A /home /var/lib 2>&1; echo made >here');
      const { email, password } = viewer;
      const env = {
        SUPABASE_URL: hq.url,
        SUPABASE_ANON_KEY: hq.anonKey,
        HQ_EMAIL: email,
        HQ_PASSWORD: password,
      };
      const { stdout } = await call(['doctor'], { env: { ...env, HOME: folder, XDG_STATE_HOME: folder } });
      if (stdout.includes('agents cannot run commands')) {
        expect(stdout).toMatch(/attic: agents cannot run commands, and have no browser: .{10}/);
        expect(text).not.toContain('/workspace');
        return;
      }
      expect(stdout).toMatch(
        /attic: (agents have no browser|its agents run commands and a browser in jails)/,
      );
      expect(text).toContain('/workspace\nagent\n');
      expect(text).toContain("cannot access '/home'");
      const [row] = await hq.database.query(`select branch from agents where slug = 'maya'`);
      const made = `/home/node/.openclaw/workspace-${row?.branch}/here`;
      expect((await inGateway(`cat ${made}`)).trim()).toBe('made');
    },
    2 * commandMs,
  );

  test(
    'pauses an agent, which then works on nothing, and lets it go on',
    async () => {
      expect(await ended('pause_agent', {}, 'maya')).toMatchObject({ status: 'done' });
      const [task] = await hq.database.query<{ id: string }>(
        `insert into tasks (title, assignee_agent_id) select 'Write more', id from agents where slug = 'maya' returning id`,
      );
      const refused = await operator.rpc('enqueue_command', {
        ...{ p_action: 'wake_agent', p_agent: 'maya', p_payload: { message: 'Hello' } },
      });
      expect(refused.data.refused).toMatchObject({ message: expect.stringContaining('paused') });
      const item = () =>
        hq.database.query(`select status from agent_inbox_items where task_id = $1`, [task?.id]);
      expect(await item()).toEqual([{ status: 'pending' }]);
      expect(await ended('resume_agent', {}, 'maya')).toMatchObject({ status: 'done' });
      await vi.waitFor(async () => expect(await item()).toEqual([{ status: 'done' }]), {
        timeout: commandMs,
        interval: 500,
      });
    },
    2 * commandMs,
  );

  test(
    'writes what an operator stores where agents can read it and not change it, and stores keys in OpenClaw',
    async () => {
      const { current } = readSecretsKeys({ SUPABASE_SERVICE_ROLE_KEY: hq.serviceRoleKey });
      const secrets = [
        { p_key: 'TOKEN', p_value: seal(`the gateway's`, current), p_gateway: gateway },
        { p_key: 'TOKEN', p_value: seal('of maya', current), p_agent: 'maya' },
        {
          p_key: 'OPENAI_API_KEY',
          p_value: seal('sk-of-the-gateway-0123456789', current),
          p_gateway: gateway,
        },
      ];
      for (const secret of secrets) {
        const { data, error } = await operator.rpc('set_secret', secret);
        expect({ error, refused: data?.refused }).toEqual({ error: null, refused: undefined });
      }
      const directory = '/home/node/.openclaw/secrets';
      await vi.waitFor(
        async () => expect(await inGateway(`cat ${directory}/agents/maya.env`)).toContain(`TOKEN='of maya'`),
        { timeout: 60_000, interval: 250 },
      );
      const files = `cd ${directory} && stat -c '%a %U %n' . agents gateway.env agents/maya.env`;
      expect((await inGateway(files)).split('\n')).toEqual([
        '700 node .',
        '700 node agents',
        '600 node gateway.env',
        '600 node agents/maya.env',
      ]);
      expect(await inGateway(`cat ${directory}/gateway.env`)).toContain(`TOKEN='the gateway'\\''s'`);
      expect(await inGateway(`touch ${directory}/agents/mine.env 2>&1 || true`)).toContain('Read-only');
      // It is recorded once OpenClaw has taken it.
      await vi.waitFor(
        async () =>
          expect(await inGateway(`cat ${directory}/provider-keys.json`)).toMatch(
            /"openai":{"hash":"[0-9a-f]{64}"/,
          ),
        { timeout: 120_000, interval: 500 },
      );
    },
    commandMs,
  );

  test(
    'restarts its gateway by command',
    async () => {
      const before = await project.startedAt('gateway');
      const row = await ended('restart_gateway');
      expect(row).toMatchObject({ status: 'done', error_message: null, result: { service: 'gateway' } });
      expect(row.stdout).toContain('gateway was started');
      expect(await project.startedAt('gateway')).not.toBe(before);
      expect(
        await docker(['inspect', '--format', '{{.State.Health.Status}}', await project.container('gateway')]),
      ).toBe('healthy');
    },
    commandMs,
  );

  test(
    'reports why its gateway does not start, with the last lines of its log',
    async () => {
      const config = '/home/node/.openclaw/openclaw.json';
      await inGateway(`cp ${config} ${config}.good`);
      // The runner must be stopped first: it would restore the gateway.
      await project.compose('stop', 'gateway');
      await onStateVolume(`echo '{"nonsense": 1}' >${config}`);
      const row = await ended('restart_gateway');
      expect(row.status).toBe('failed');
      expect(row.error_message).toContain('gateway was restarted but keeps ending with exit code 78');
      expect(row.error_message).toContain('Unrecognized key: "nonsense"');

      await onStateVolume(`mv ${config}.good ${config}`);
      expect(await ended('restart_gateway')).toMatchObject({ status: 'done', error_message: null });
    },
    commandMs,
  );

  test(
    'removes an agent and its files, and keeps these in the archive',
    async () => {
      const [row] = await hq.database.query(`select branch from agents where slug = 'maya'`);
      const removed = await ended('remove', {}, 'maya', admin);
      expect(removed).toMatchObject({ status: 'done', error_message: null, result: { agent: 'maya' } });
      expect(await hq.database.query('select 1 from agents')).toEqual([]);
      const state = '/home/node/.openclaw';
      expect(await inGateway(`ls -d ${state}/workspace-${row?.branch} 2>&1 || true`)).toContain(
        'No such file',
      );
      expect(await inGateway(`ls ${state}/hq/agents ${state}/secrets/agents`)).not.toContain('maya');
      const branches = `git --git-dir ${state}/repo.git branch --list 'archive/*'`;
      expect(await inGateway(branches)).toContain(`archive/${row?.branch}-`);
    },
    2 * commandMs,
  );

  test('restarts the dispatcher of its runner', async () => {
    expect(await ended('restart_dispatcher')).toMatchObject({
      status: 'done',
      result: { service: 'dispatcher' },
    });
  });
});

describe('an incomplete set-up', () => {
  test('reports which setting is missing', async () => {
    const without = new ComposeProject(composeFile, {
      SUPABASE_URL: '',
      SUPABASE_SERVICE_ROLE_KEY_FILE: '/dev/null',
      GATEWAY_ID: 'default',
      DOCKER_GID: '1',
    });
    await expect(without.compose('config')).rejects.toThrow(
      'SUPABASE_URL is missing a value: is missing. Copy',
    );
  });

  test('reports that the key file cannot be read', async () => {
    await expect(docker(['run', '--rm', '--network=none', 'hq-runner:test'])).rejects.toThrow(
      'cannot read the service-role key: its file must be readable by user 1000',
    );
  });
});

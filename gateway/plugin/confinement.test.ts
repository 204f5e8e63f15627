import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import { environmentFlag } from '@hq/shared/program';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConfinedGateway, startConfinedGateway } from '../testing/confined-gateway.ts';

const hasChromium = environmentFlag(process.env, 'HQ_TEST_CHROMIUM');
const startMs = 300_000;
const turnMs = 300_000;

/** Secrets of HQ and of others, which no answer of a tool may contain. */
const secrets = {
  gatewaySecret: 'value-of-the-gateways-secret',
  otherSecret: 'value-of-zeds-secret',
  otherFile: 'what-zed-wrote',
  serviceKey: 'service-role-key-of-hq',
  outside: 'a-file-of-the-host',
};

describe.runIf(environmentFlag(process.env, 'HQ_TEST_JAILS'))('a malicious agent in the real gateway', () => {
  let hq: ConfinedGateway;
  let state: string;
  let controlSocket: Server;
  const controlled: string[] = [];

  /** Runs commands as the agent; whatever they print, it is nothing of HQ or of others. */
  const run = async (...commands: string[]): Promise<readonly string[]> => {
    const answers = await hq.run('maya', ...commands);
    expect(answers).toHaveLength(commands.length);
    expectNoSecret(answers);
    return answers;
  };
  const use = async (tool: string, ...calls: object[]): Promise<readonly string[]> => {
    const answers = await hq.play('maya', ...calls.map((args) => ({ tool, args })));
    expect(answers).toHaveLength(calls.length);
    expectNoSecret(answers);
    return answers;
  };
  const expectNoSecret = (answers: readonly string[]): void => {
    const text = answers.join('\n');
    for (const secret of [
      ...Object.values(secrets),
      'token-of-',
      'a-key-of-the-fake-model',
      hq.gateway.token,
    ]) {
      expect(text).not.toContain(secret);
    }
  };

  beforeAll(async () => {
    process.env.SUPABASE_SERVICE_ROLE_KEY = secrets.serviceKey;
    hq = await startConfinedGateway(hasChromium, plantPrograms);
    state = hq.gateway.stateDir;
    mkdirSync(join(state, 'secrets', 'agents'), { recursive: true, mode: 0o700 });
    writeFileSync(join(state, 'secrets', 'gateway.env'), `KEY='${secrets.gatewaySecret}'\n`, { mode: 0o600 });
    writeFileSync(join(state, 'secrets', 'agents', 'zed.env'), `KEY='${secrets.otherSecret}'\n`, {
      mode: 0o600,
    });
    writeFileSync(join(hq.workspace('zed'), 'notes.md'), secrets.otherFile);
    writeFileSync(join(state, '..', 'outside.txt'), secrets.outside);
    for (const agent of ['maya', 'zed'])
      writeFileSync(join(hq.workspace(agent), '.git'), 'gitdir: /nowhere\n');
    controlSocket = createServer((incoming, response) => {
      controlled.push(incoming.url ?? '');
      response.end();
    }).listen(join(state, 'hq', 'control.sock'));
  }, startMs);
  afterAll(async () => {
    delete process.env.SUPABASE_SERVICE_ROLE_KEY;
    controlSocket?.close();
    await hq?.close();
  }, startMs);

  it(
    'works in its worktree, with its own /tmp and its own home',
    async () => {
      const [written, kept, files] = await run(
        'echo hello > file.txt && echo kept > /tmp/kept && pwd && id -un && echo $HOME',
        'cat /tmp/kept file.txt',
        'ls -A / && ls -A /workspace',
      );
      expect(written).toContain('/workspace\nagent\n/tmp/home');
      expect(kept).toContain('kept\nhello');
      expect(files).toContain('file.txt');
      expect(readFileSync(join(hq.workspace('maya'), 'file.txt'), 'utf8')).toBe('hello\n');
      expect(await use('write', { path: 'notes/a.md', content: 'by a tool' })).toEqual([
        expect.stringContaining('Successfully'),
      ]);
      expect(await use('read', { path: 'notes/a.md' })).toEqual(['by a tool']);
    },
    turnMs,
  );

  it(
    'finds neither the gateway’s files, nor another agent’s, nor HQ’s secrets',
    async () => {
      const paths = [
        'openclaw.json',
        'hq/agents/zed.json',
        'hq/agents/maya.json',
        'hq/browser.key',
        'hq/control.sock',
        'secrets/gateway.env',
        'secrets/agents/zed.env',
        'workspace-zed/notes.md',
        'state/openclaw.sqlite',
        '../outside.txt',
      ];
      const commands = paths.map((path) => `ls -ld ${state}/${path}; cat ${state}/${path}`);
      for (const answer of await run(...commands)) expect(answer).toMatch(/No such file/);
      const [found] = await run(
        `find / -name 'openclaw*' -o -name '*.sqlite' -o -name 'zed*' 2>/dev/null | head`,
      );
      expect(found).not.toContain(state);
      const [root] = await run(
        'ls -A / /root /home /var /opt /mnt 2>&1; cat /etc/shadow /etc/ssl/private/* 2>&1',
      );
      expect(root).toContain("cannot access '/root'");
      expect(root).toContain("cannot access '/home'");
      expect(root).toContain('/etc/shadow: No such file');
    },
    turnMs,
  );

  it(
    'reads and writes nothing outside by the file tools: absolute paths, `..` and links',
    async () => {
      symlinkSync(join(state, 'openclaw.json'), join(hq.workspace('maya'), 'planted-by-the-host'));
      await run(
        `ln -sfn ${state}/openclaw.json config-link; ln -sfn ${state} state-link; ln -sfn /proc/1/root root-link`,
      );
      const reads = await use(
        'read',
        ...[
          `${state}/openclaw.json`,
          `${state}/hq/agents/zed.json`,
          '../openclaw.json',
          '../workspace-zed/notes.md',
          '/workspace/../../outside.txt',
          'config-link',
          'planted-by-the-host',
          'state-link/secrets/gateway.env',
          'root-link/etc/shadow',
          '/proc/self/environ',
          '/etc/shadow',
        ].map((path) => ({ path })),
      );
      for (const answer of reads) expect(answer).toMatch(/"status": "error"/);
      const writes = await use(
        'write',
        ...[
          '../workspace-zed/planted.md',
          `${state}/hq/agents/evil.json`,
          'state-link/evil.txt',
          '/etc/evil',
        ].map((path) => ({ path, content: 'evil' })),
      );
      for (const answer of writes) expect(answer).toMatch(/"status": "error"/);
      expect(readdirSync(hq.workspace('zed')).toSorted()).not.toContain('planted.md');
      expect(existsSync(join(state, 'hq', 'agents', 'evil.json'))).toBe(false);
      expect(existsSync(join(state, 'evil.txt'))).toBe(false);
    },
    turnMs,
  );

  it(
    'sees no process, no environment and no key of the gateway',
    async () => {
      const [environment, processes, others, keys] = await run(
        'env; cat /proc/1/environ | tr "\\0" "\\n"',
        'ls /proc | grep -c "^[0-9]"; cat /proc/*/cmdline | tr "\\0" " "',
        'for p in 1 2 3 10 100 1000; do cat /proc/$p/environ 2>/dev/null; ls /proc/$p/root/home 2>/dev/null; done | tr "\\0" "\\n"',
        'env | grep -i -E "supabase|openclaw_gateway|service_role" || echo none',
      );
      expect(environment).not.toMatch(/OPENCLAW_GATEWAY_TOKEN|SUPABASE/);
      expect(Number.parseInt(processes ?? '', 10)).toBeLessThan(12);
      expect(processes).not.toContain('openclaw');
      expect(others).not.toMatch(/OPENCLAW_GATEWAY|OPENCLAW_STATE/);
      expect(keys).toContain('none');
    },
    turnMs,
  );

  it(
    'reaches nothing on loopback, no metadata address and no other machine',
    async () => {
      const { port } = hq.gateway;
      const direct = [
        `http://127.0.0.1:${port}/healthz`,
        `http://[::1]:${port}/healthz`,
        `http://127.0.0.1:${hq.loopbackPort}/`,
        `http://127.0.0.1:${hq.browserPort}/json/version`,
        'http://169.254.169.254/latest/meta-data/',
        'http://10.0.0.1/',
        'http://8.8.8.8/',
      ];
      for (const answer of await run(
        ...direct.map((url) => `curl -sS -m 3 --noproxy '*' ${url} 2>&1 || true`),
      )) {
        expect(answer).toMatch(/Couldn't connect|Failed to connect|Could not resolve/);
      }
      for (const answer of await run(
        ...direct.map((url) => `curl -sS -m 3 --noproxy '' -p -x http://127.0.0.1:3128 ${url} 2>&1`),
      )) {
        expect(answer).toMatch(/response 40[03]/);
      }
      const [socket, names] = await run(
        `curl -sS -m 3 --unix-socket ${state}/hq/control.sock http://localhost/status 2>&1; cat /proc/net/unix | wc -l`,
        'getent hosts example.com || echo no names; cat /proc/net/route | wc -l',
      );
      expect(socket).toMatch(/Couldn't connect|Could not connect|Failed to connect/);
      expect(names).toContain('no names');
      expect(controlled).toEqual([]);
      expect(hq.reached.loopback).toEqual([]);
    },
    turnMs,
  );

  it(
    'reaches allowed hosts alone, as the list is now, and no private address behind a name',
    async () => {
      const get = (host: string) => `curl -sS -i -m 5 http://${host}/from-maya 2>&1`;
      const [before] = await run(get('allowed.test'));
      expect(before).toContain('403 Forbidden: HQ refused agent maya: allowed.test:80 is not on the list');
      hq.allowHosts('maya', 'allowed.test', 'metadata.test', 'inside.test', 'rebinding.test');
      const [allowed, metadata, inside, other] = await run(
        get('allowed.test'),
        get('metadata.test'),
        get('inside.test'),
        get('other.test'),
      );
      expect(allowed).toContain('200 OK');
      expect(metadata).toContain('metadata.test:80 leads into a private network');
      expect(inside).toContain('inside.test:80 leads into a private network');
      expect(other).toContain('other.test:80 is not on the list');
      const [rebinding = ''] = await run(`for i in 1 2 3 4 5 6; do ${get('rebinding.test')} | head -1; done`);
      expect(rebinding.match(/200 OK/g)).toHaveLength(3);
      expect(rebinding.match(/leads into a private network/g)).toHaveLength(3);
      expect(hq.reached.loopback).toEqual([]);
      hq.allowHosts('maya');
      expect((await run(get('allowed.test')))[0]).toContain('403 Forbidden');
      // Zed's list is its own, and so are its counts.
      const [zeds] = await hq.run('zed', get('allowed.test'));
      expect(zeds).toContain('403 Forbidden: HQ refused agent zed');
      expect(await hq.gateway.call('hq.confinement')).toMatchObject({
        exec: true,
        traffic: {
          maya: {
            connections: 4,
            refusals: expect.arrayContaining([expect.objectContaining({ destination: 'other.test:80' })]),
          },
          zed: { connections: 0, refused: 1 },
        },
      });
    },
    turnMs,
  );

  it(
    'gets no command outside of its jail',
    async () => {
      const [gateway, node, elevated] = await use(
        'exec',
        { command: `cat ${state}/openclaw.json`, host: 'gateway' },
        { command: 'id', host: 'node' },
        { command: `cat ${state}/openclaw.json`, elevated: true },
      );
      expect(gateway).toContain('exec host not allowed');
      expect(node).toContain('exec host not allowed');
      expect(elevated).toContain('elevated is not available');
      const [preload] = await use('exec', {
        command: 'echo fine; id -un',
        env: { LD_PRELOAD: '/workspace/evil.so', BASH_ENV: '/workspace/evil.sh', PATH: '/workspace' },
      });
      expect(preload).toContain('agent');
      const [namespaces, mounts, kernel, devices] = await run(
        'unshare -U true 2>&1; unshare -Ur mount -t tmpfs none /mnt 2>&1; nsenter -t 1 -a true 2>&1',
        'touch /evil /usr/evil /etc/evil /dev/evil 2>&1; mount -o remount,rw / 2>&1; umount /workspace/.git 2>&1',
        'echo evil > /proc/sys/kernel/core_pattern; echo h > /proc/sysrq-trigger; echo 1 > /proc/sys/vm/drop_caches',
        'ls /dev; mknod disk b 8 0 2>&1; ls /sys 2>&1; dmesg 2>&1 | head -1',
      );
      expect(namespaces).not.toMatch(/^$/);
      expect(mounts?.match(/Read-only file system/g)?.length).toBeGreaterThanOrEqual(4);
      expect(kernel).toMatch(/Read-only file system|Permission denied|nonexistent/);
      expect(devices).not.toMatch(/\b(sda|vda|mem|kmsg)\b/);
      expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).not.toContain('evil');
    },
    turnMs,
  );

  it(
    'has no tool that changes the gateway or uses its network',
    async () => {
      const offered = hq.model.requests.at(-1)?.tools ?? [];
      expect(offered).toContain('exec');
      for (const tool of [
        'gateway',
        'openclaw',
        'plugins',
        'secrets',
        'nodes',
        'automations',
        'cron',
        'web_fetch',
      ]) {
        expect(offered).not.toContain(tool);
      }
      const [answer] = await use('gateway', { action: 'config.get' });
      expect(answer).toMatch(/not found|not available|unknown|disallowed/i);
    },
    turnMs,
  );

  it(
    'sees and reaches no session of another agent',
    async () => {
      await hq.run('zed', 'echo zed works');
      const [list] = await use('sessions_list', { limit: 50 });
      expect(list).not.toContain('agent:zed:');
      const sessions = await hq.gateway.call('sessions.list', {});
      const key = /agent:zed:[0-9a-f-]+/.exec(JSON.stringify(sessions))?.[0];
      expect(key).toBeDefined();
      for (const answer of [
        ...(await use('sessions_history', { sessionKey: key })),
        ...(await use('sessions_send', { sessionKey: key, message: 'obey', timeoutSeconds: 5 })),
        ...(await use('sessions_spawn', { task: 'obey', agentId: 'zed' })),
      ]) {
        expect(answer).toMatch(/forbidden|not allowed|not visible|denied|error/i);
      }
    },
    turnMs,
  );

  it(
    'leaves nothing in its worktree that the gateway runs',
    async () => {
      const git = join(hq.workspace('maya'), '.git');
      const [answer, planted] = await run(
        'rm -rf .git; mv .git old; ln -sfn /tmp/evil .git; echo evil > .git',
        'ls .openclaw/extensions/evil hooks/evil && touch .openclaw/extensions/evil/more',
      );
      expect(answer).toMatch(/Read-only file system|Device or resource busy/);
      expect(lstatSync(git).isFile()).toBe(true);
      expect(readFileSync(git, 'utf8')).toBe('gitdir: /nowhere\n');
      // It could have written them, they were there when the gateway started, and nothing ran them.
      expect(planted).toContain('openclaw.plugin.json');
      expect(planted).toContain('HOOK.md');
      expect(existsSync(join(state, 'plugin-ran'))).toBe(false);
    },
    turnMs,
  );

  it(
    'is ended when it starts too many processes, writes a file without end or fills memory; the gateway goes on',
    async () => {
      const [processes, file, memory] = await run(
        'i=0; while [ $i -lt 3000 ]; do sleep 20 & i=$((i+1)); done; echo all started',
        'timeout 20 head -c 5G /dev/zero > big 2>&1; ls -l big | cut -d" " -f5; rm big',
        `python3 -c 'x = bytearray(4 * 1024**3); print("got it")' 2>&1 | tail -1`,
      );
      expect(processes).not.toContain('all started');
      expect(Number(/\d+/.exec(file ?? '')?.[0] ?? '0')).toBeLessThanOrEqual(2 * 1024 ** 3);
      expect(memory).toContain('MemoryError');
      const [next] = await run('echo next; df -k /dev/shm | tail -1');
      expect(next).toContain('next');
      expect(next).toContain('65536');
    },
    turnMs,
  );

  describe.runIf(hasChromium)('with a browser', () => {
    const browse = (...calls: object[]) => use('browser', ...calls);

    it(
      'opens allowed hosts alone, and no address of the gateway or the host',
      async () => {
        hq.allowHosts('maya', 'allowed.test', 'metadata.test');
        const [allowed, refused, gateway, metadata, file] = await browse(
          { action: 'open', url: 'http://allowed.test/page' },
          { action: 'open', url: 'http://evil.test/' },
          { action: 'open', url: `http://127.0.0.1:${hq.gateway.port}/` },
          { action: 'open', url: 'http://metadata.test/' },
          { action: 'open', url: `file://${state}/openclaw.json` },
        );
        expect(allowed).toContain('"title": "reached"');
        expect(refused).toContain('evil.test:80 is not on the list of allowed hosts');
        expect(gateway).toContain('is not on the list of allowed hosts');
        expect(metadata).toContain('"status": "error"');
        expect(file).toContain('"status": "error"');
        expect(hq.reached.loopback).toEqual([]);
      },
      turnMs,
    );

    it(
      'reaches no other agent’s browser, whichever profile it names',
      async () => {
        hq.allowHosts('zed', 'allowed.test');
        const zed = (args: object) => hq.play('zed', { tool: 'browser', args });
        expect((await zed({ action: 'open', url: 'http://allowed.test/private-of-zed' }))[0]).toContain(
          'private-of-zed',
        );
        const tabs = await browse(
          { action: 'tabs', profile: 'zed' },
          { action: 'tabs', profile: 'openclaw' },
          { action: 'open', url: 'http://allowed.test/by-maya', profile: 'zed' },
        );
        for (const answer of tabs) expect(answer).not.toContain('private-of-zed');
        expect((await zed({ action: 'tabs' }))[0]).not.toContain('by-maya');
        const [devtools] = await run(
          `curl -sS -m 3 http://127.0.0.1:9222/json/list; curl -sS -m 3 http://127.0.0.1:${hq.browserPort}/json/list 2>&1`,
        );
        expect(devtools).toContain('by-maya');
        expect(devtools).not.toContain('private-of-zed');
      },
      turnMs,
    );
  });

  it(
    'leaves nothing behind when HQ has removed it',
    async () => {
      await hq.run('zed', 'echo secret > /tmp/left');
      const left = ['commands', 'browser'].map((kind) => join(state, 'hq', 'tmp', kind, 'zed'));
      left.push(join(state, 'hq', 'browser', 'zed'));
      expect(left.some(existsSync)).toBe(true);
      await hq.gateway.call('hq.forgetAgent', { agentId: 'zed' });
      expect(left.filter(existsSync)).toEqual([]);
      await expect(hq.gateway.call('hq.forgetAgent', { agentId: '../agents' })).rejects.toThrow();
      expect(existsSync(join(state, 'hq', 'agents', 'maya.json'))).toBe(true);
    },
    turnMs,
  );
});

/** Puts a plugin and a hook into the worktree of an agent, both of which would write a file if the gateway ran them. */
function plantPrograms(stateDir: string): void {
  const code = `require('node:fs').writeFileSync(${JSON.stringify(join(stateDir, 'plugin-ran'))}, 'x'); module.exports = {};`;
  const files = {
    '.openclaw/extensions/evil/index.js': code,
    '.openclaw/extensions/evil/package.json': '{"openclaw":{"extensions":["./index.js"]}}',
    '.openclaw/extensions/evil/openclaw.plugin.json':
      '{"id":"evil","name":"evil","version":"1.0.0","activation":{"onStartup":true},"configSchema":{"type":"object"}}',
    'hooks/evil/handler.js': code,
    'hooks/evil/HOOK.md': '---\nname: evil\nmetadata: {"openclaw":{"events":["gateway:startup"]}}\n---\n',
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(stateDir, 'workspace-maya', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

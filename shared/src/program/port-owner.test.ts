import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from './free-port.ts';
import { assertPortOwner, isSafeAddress } from './port-owner.ts';

describe('an address', () => {
  it.each([
    'https://hq.example.org',
    'http://localhost:54321',
    'http://kong.localhost:8000',
    'http://127.0.0.1:54321',
    'http://127.1.2.3',
    'http://[::1]:54321',
    'http://host.docker.internal:54321',
  ])('may get credentials: %s', (address) => {
    expect(isSafeAddress(address, () => false)).toBe(true);
  });

  it.each([
    'http://hq.example.org',
    'http://192.168.1.5:8000',
    'http://127.0.0.1.example.org',
    'http://localhost.example.org',
    'http://kong:8000',
    'http://[fd00::5]:8000',
    'ftp://localhost',
    'localhost:54321',
  ])('may not get credentials: %s', (address) => {
    expect(isSafeAddress(address, () => false)).toBe(false);
  });

  it('may be another container inside a container', () => {
    expect(isSafeAddress('http://kong:8000', () => true)).toBe(true);
    expect(isSafeAddress('http://kong.example.org:8000', () => true)).toBe(false);
    expect(isSafeAddress('http://[fd00::5]:8000', () => true)).toBe(false);
  });
});

const stranger = 65_534;
const isRoot = process.getuid?.() === 0 && process.platform === 'linux';
const children: ChildProcess[] = [];

/** Listens as another user, and returns the port. */
async function listen(address: string, uid: number | null, port = 0): Promise<number> {
  const program = `const server = require('node:net').createServer().listen(${port}, '${address}', () => console.log(server.address().port))`;
  const child = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    ...(uid !== null && { uid, gid: uid }),
  });
  children.push(child);
  const [bytes] = await once(child.stdout, 'data');
  return Number(bytes);
}

afterEach(async () => {
  delete process.env.HQ_OWNER;
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

describe('a port of this machine', () => {
  it.each(['127.0.0.1', '::1', '0.0.0.0', '::'])(
    'of this user on %s may get credentials',
    async (address) => {
      const port = await listen(address, null);
      for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
        expect(() => assertPortOwner(`http://${host}:${port}/rest/v1`)).not.toThrow();
      }
    },
  );

  it('that nobody listens on is no other user’s', async () => {
    const port = await freePort();
    expect(() => assertPortOwner(`http://127.0.0.1:${port}`)).not.toThrow();
  });

  it.runIf(isRoot).each([
    ['127.0.0.1', ['127.0.0.1', 'localhost', '0.0.0.0']],
    ['::1', ['[::1]', 'localhost']],
    ['0.0.0.0', ['127.0.0.1', '127.0.0.5', 'localhost']],
    ['::', ['127.0.0.1', '[::1]', 'localhost']],
    ['127.0.0.5', ['127.0.0.5']],
  ])('of another user on %s gets nothing', async (address, hosts) => {
    const port = await listen(address, stranger);
    for (const host of hosts) {
      for (const scheme of ['http', 'ws']) {
        const send = () => assertPortOwner(`${scheme}://${host}:${port}/rest/v1`);
        expect(send).toThrow(expect.objectContaining({ code: 'unreachable' }));
        expect(send).toThrow(`Port ${port} of this machine belongs to another user (uid ${stranger})`);
      }
    }
    expect(() => assertPortOwner(`https://localhost:${port}`)).not.toThrow();
    process.env.HQ_OWNER = String(stranger);
    expect(() => assertPortOwner(`http://${hosts[0]}:${port}`)).not.toThrow();
  });

  it.runIf(isRoot)(
    'that was this user’s gets nothing once its program is gone and another user has it',
    async () => {
      const port = await listen('127.0.0.1', null);
      const send = () => assertPortOwner(`http://127.0.0.1:${port}`);
      send();
      send();
      const [child] = children.splice(0);
      child?.kill('SIGKILL');
      if (child) await once(child, 'exit');
      await listen('127.0.0.1', stranger, port);
      expect(send).toThrow('another user');
    },
  );

  it.runIf(isRoot)('that another user shares on another address is still this user’s', async () => {
    const port = await listen('127.0.0.1', null);
    await listen('127.0.0.5', stranger, port);
    await listen('::1', stranger, port);
    expect(() => assertPortOwner(`http://127.0.0.1:${port}`)).not.toThrow();
    expect(() => assertPortOwner(`http://localhost:${port}`)).toThrow('another user');
  });
});

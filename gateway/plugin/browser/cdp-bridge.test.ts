import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { agentOfToken, bridgeKey, bridgeToken } from './bridge-token.ts';
import { CdpBridge } from './cdp-bridge.ts';

let directory: string;
let browser: Server;
let bridge: CdpBridge;
let port: number;
let key: Buffer;
let opened: string[];
let seen: IncomingMessage[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hq-bridge-'));
  opened = [];
  seen = [];
  key = bridgeKey(directory);
  browser = createServer((incoming, response) => {
    seen.push(incoming);
    response.end('{}');
  });
  browser.on('upgrade', (incoming, socket) => {
    seen.push(incoming);
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  });
  browser.listen(join(directory, 'cdp.sock'));
  await once(browser, 'listening');
  bridge = new CdpBridge({
    agentOf: (token) => agentOfToken(key, ['maya', 'zed'], token),
    running: async (agent) => {
      opened.push(agent);
      return agent === 'zed' ? undefined : join(directory, 'cdp.sock');
    },
  });
  port = await bridge.listen(0);
});
afterEach(async () => {
  await bridge.close();
  browser.close();
  rmSync(directory, { recursive: true });
});

const get = async (path: string, headers: Record<string, string> = {}): Promise<number | undefined> => {
  const outgoing = request({ host: '127.0.0.1', port, path, headers });
  outgoing.end();
  const [answer] = await Promise.race([once(outgoing, 'response'), once(outgoing, 'upgrade')]);
  answer.resume();
  return answer.statusCode;
};
const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket' };

it('the bridge opens the browser whose token it gets, and tells it neither token nor origin', async () => {
  const token = bridgeToken(key, 'maya');
  expect(await get(`/json/version?token=${token}&x=1`, { Origin: 'http://evil.test' })).toBe(200);
  expect(await get(`/devtools/browser/1?token=${token}`, { ...upgrade, Origin: 'http://evil.test' })).toBe(
    101,
  );
  expect(opened).toEqual(['maya', 'maya']);
  expect(seen.map(({ url }) => url)).toEqual(['/json/version?x=1', '/devtools/browser/1']);
  for (const { headers } of seen) {
    expect(headers.host).toBe('localhost');
    expect(headers.origin).toBeUndefined();
  }
});

it('without an agent’s token nothing opens', async () => {
  const foreign = bridgeToken(bridgeKey(mkdtempSync(join(directory, 'other-'))), 'maya');
  for (const token of ['', 'maya', foreign, bridgeToken(key, 'nobody')]) {
    expect(await get(`/json/version?token=${token}`)).toBe(401);
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: `/devtools/1?token=${token}`,
      headers: upgrade,
    });
    outgoing.end();
    const [answer] = await once(outgoing, 'response');
    expect(answer.statusCode).toBe(401);
  }
  expect(opened).toEqual([]);
});

it.each(['', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'])(
  'an address that cannot be parsed is refused, and the bridge goes on (%j)',
  async (headers) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET //[ HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
    socket.destroy();
    expect(await get(`/json/version?token=${bridgeToken(key, 'maya')}`)).toBe(200);
  },
);

it('a browser that does not answer is reported as such', async () => {
  browser.close();
  expect(await get(`/json/version?token=${bridgeToken(key, 'maya')}`)).toBe(502);
});

it('a browser that does not run is not started', async () => {
  const token = bridgeToken(key, 'zed');
  expect(await get(`/json/version?token=${token}`)).toBe(503);
  expect(seen).toEqual([]);
});

it('the key of the tokens is private and stays the same', () => {
  expect(bridgeKey(directory).equals(key)).toBe(true);
  expect(statSync(join(directory, 'hq', 'browser.key')).mode & 0o777).toBe(0o600);
});

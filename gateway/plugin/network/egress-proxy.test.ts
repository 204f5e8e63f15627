import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AllowedHost, parseAllowedHost } from './allowed-hosts.ts';
import { EgressProxy } from './egress-proxy.ts';
import { isPublicAddress } from './public-addresses.ts';
import { Traffic } from './traffic.ts';

/** Addresses that names have in these tests; `8.8.8.8` leads to the test's own server. */
const names: Record<string, string[]> = {
  'ok.test': ['8.8.8.8'],
  'private.test': ['10.0.0.1'],
  'metadata.test': ['169.254.169.254'],
  'both.test': ['8.8.8.8', '127.0.0.1'],
  'mapped.test': ['::ffff:127.0.0.1'],
};

let directory: string;
let server: Server;
let proxy: EgressProxy;
let traffic: Traffic;
let hosts: AllowedHost[];
let dialled: string[];
let seen: { url: string | undefined; headers: IncomingMessage['headers']; body: string }[];
let unlisted: string[];
let fault: Error | undefined;
let rebinding: number;

const allow = (...patterns: string[]) => {
  hosts = patterns.flatMap((pattern) => parseAllowedHost(pattern) ?? []);
};
const socketPath = () => join(directory, 'proxy.sock');

async function open(bytesPerDay = 1_000_000): Promise<void> {
  traffic = new Traffic(bytesPerDay);
  proxy = new EgressProxy({
    agent: 'maya',
    allowedHosts: () => hosts,
    traffic,
    onUnlisted: ({ host, port }) => {
      if (fault !== undefined) throw fault;
      unlisted.push(`${host}:${port}`);
    },
    internet: {
      resolve: async (host) => {
        if (host === 'rebinding.test') return rebinding++ % 2 === 0 ? ['8.8.8.8'] : ['127.0.0.1'];
        return names[host] ?? Promise.reject(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }));
      },
      isPublic: (address) => isPublicAddress(address, {}),
      connect: (address) => {
        dialled.push(address);
        return connect((server.address() as AddressInfo).port, '127.0.0.1');
      },
    },
  });
  await proxy.listen(socketPath());
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'hq-proxy-'));
  hosts = [];
  dialled = [];
  unlisted = [];
  fault = undefined;
  seen = [];
  rebinding = 0;
  server = createServer((incoming, response) => {
    let body = '';
    incoming.on('data', (bytes) => {
      body += bytes;
    });
    incoming.on('end', () => {
      seen.push({ url: incoming.url, headers: incoming.headers, body });
      response.writeHead(200, { 'Keep-Alive': 'timeout=5', 'X-Seen': 'yes' }).end(`hello ${incoming.url}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await proxy.close();
  server.closeAllConnections();
  server.close();
  rmSync(directory, { recursive: true });
});

async function answerTo(text: string): Promise<string> {
  const socket = connect(socketPath());
  socket.write(text);
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes;
    if (answer.startsWith('HTTP/1.1 200 Connection')) socket.end();
  });
  await once(socket, 'close');
  return answer;
}

async function tunnel(authority: string): Promise<Socket> {
  const socket = connect(socketPath());
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toContain('200 Connection established');
  return socket;
}

const connectLine = async (authority: string): Promise<string> =>
  (await answerTo(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)).split('\r\n')[0] ?? '';

describe('a refusal', () => {
  beforeEach(() => open());

  it('names the host and the agent in its status line, and dials nothing', async () => {
    expect(await connectLine('evil.test:443')).toBe(
      'HTTP/1.1 403 Forbidden: HQ refused agent maya: evil.test:443 is not on the list of allowed hosts',
    );
    expect(dialled).toEqual([]);
  });

  it.each(['127.0.0.1:443', '2130706433:443', '0x7f.1:443', '[::1]:443', 'user@ok.test:443'])(
    'comes for %s, which is no name of a host',
    async (authority) => {
      allow('ok.test');
      expect(await connectLine(authority)).toMatch(/^HTTP\/1\.1 400 .*maya/);
      expect(dialled).toEqual([]);
    },
  );

  it.each(['private.test', 'metadata.test', 'both.test', 'mapped.test'])(
    'comes for %s, which leads into a private network',
    async (host) => {
      allow(host);
      expect(await connectLine(`${host}:443`)).toContain(
        `403 Forbidden: HQ refused agent maya: ${host}:443 leads into`,
      );
      expect(dialled).toEqual([]);
    },
  );

  it('comes for a name without an address', async () => {
    allow('nowhere.test');
    expect(await connectLine('nowhere.test:443')).toContain('502 Bad Gateway: HQ refused agent maya');
  });

  it.each([
    'http://evil.test/',
    'http://127.0.0.1/',
    'http://0x7f000001/',
    'http://user:pass@ok.test/',
    'https://ok.test/',
    '/etc/passwd',
    'http://ok.test:22/',
  ])('comes for a request to %s', async (url) => {
    allow('ok.test');
    expect(await answerTo(`GET ${url} HTTP/1.1\r\nHost: ok.test\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 40[03] .*maya/,
    );
    expect(dialled).toEqual([]);
  });

  it('comes for a body whose length is told twice', async () => {
    allow('ok.test');
    const answer = await answerTo(
      'POST http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen).toEqual([]);
  });

  it('comes for bytes that are no HTTP', async () => {
    expect(await answerTo('SSH-2.0-OpenSSH_9.2\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('tells of a name that is not on the list, and of nothing else', async () => {
    allow('private.test');
    for (const authority of ['Evil.test:8443', 'private.test:443', '127.0.0.1:443', 'x'])
      await connectLine(authority);
    expect(unlisted).toEqual(['evil.test:8443']);
  });

  it.each(['CONNECT evil.test:443', 'GET http://evil.test/'])(
    'of %s survives what fails while it is told',
    async (start) => {
      fault = new Error('The disk is full.');
      expect(await answerTo(`${start} HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 403 .*maya/,
      );
    },
  );

  it('is counted for the agent, by destination', async () => {
    await connectLine('evil.test:443');
    await connectLine('evil.test:443');
    await connectLine('other.test:443');
    expect(traffic.snapshot()).toMatchObject({
      refused: 3,
      connections: 0,
      refusals: [
        {
          destination: 'evil.test:443',
          times: 2,
          reason: 'evil.test:443 is not on the list of allowed hosts',
        },
        { destination: 'other.test:443', times: 1 },
      ],
    });
  });
});

describe('an allowed host', () => {
  beforeEach(() => open());

  it('is dialled at the address that was checked, whatever its name server says next', async () => {
    allow('rebinding.test');
    const lines = [];
    for (let turn = 0; turn < 8; turn++) lines.push(await connectLine('rebinding.test:443'));
    expect(lines.filter((line) => line.includes(' 200 ')).length).toBe(4);
    expect(lines.filter((line) => line.includes('leads into a private network')).length).toBe(4);
    expect(new Set(dialled)).toEqual(new Set(['8.8.8.8']));
  });

  it('is reached through a tunnel in both directions, and the bytes are counted', async () => {
    allow('ok.test');
    const socket = await tunnel('ok.test:443');
    socket.write('GET /through HTTP/1.1\r\nHost: ok.test\r\nConnection: close\r\n\r\n');
    let answer = '';
    for await (const bytes of socket) answer += bytes;
    expect(answer).toContain('hello /through');
    const { sentBytes, receivedBytes, connections } = traffic.snapshot();
    expect(sentBytes).toBe(59);
    expect(receivedBytes).toBe(answer.length);
    expect(connections).toBe(1);
  });

  it('gets plain requests with its own name as Host, and no header of the connection', async () => {
    allow('ok.test');
    const answer = await answerTo(
      'GET http://ok.test/a?b=c HTTP/1.1\r\nHost: evil.test\r\nConnection: close, X-Secret\r\nX-Secret: 1\r\n' +
        'Proxy-Authorization: Basic eA==\r\nX-Kept: 2\r\n\r\n',
    );
    expect(answer).toContain('hello /a?b=c');
    expect(answer).not.toContain('timeout=5');
    expect(seen).toEqual([
      { url: '/a?b=c', body: '', headers: { host: 'ok.test', connection: 'close', 'x-kept': '2' } },
    ]);
  });

  it('gets a body of a GET as a body, not as another request', async () => {
    allow('ok.test');
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: ok.test\r\n\r\n';
    await answerTo(
      'GET http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n' +
        `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`,
    );
    expect(seen.map(({ url, body }) => ({ url, body }))).toEqual([{ url: '/', body: smuggled }]);
  });

  it('gets the length of a body, although the agent calls it a header of the connection', async () => {
    allow('ok.test');
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n';
    const head = 'GET http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nConnection: close, Content-Length\r\n';
    await answerTo(`${head}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`);
    expect(seen.map(({ url, body }) => ({ url, body }))).toEqual([{ url: '/', body: smuggled }]);
  });

  it.each(['HTTP/1.1 099 Odd', 'HTTP/1.1 000 None'])('survives a server that answers %s', async (line) => {
    allow('ok.test');
    server.once('connection', (socket) => void socket.end(`${line}\r\nContent-Length: 0\r\n\r\n`));
    expect(await answerTo('GET http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 502 /,
    );
    expect(
      await answerTo('GET http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nConnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('passes a large body on', async () => {
    allow('ok.test');
    const outgoing = request({
      socketPath: socketPath(),
      method: 'POST',
      path: 'http://ok.test/upload',
      headers: { host: 'ok.test' },
    });
    outgoing.end('x'.repeat(300_000));
    const [answer] = await once(outgoing, 'response');
    answer.resume();
    expect(answer.statusCode).toBe(200);
    expect(seen[0]?.body.length).toBe(300_000);
  });
});

describe('the bytes of a day', () => {
  it('end a connection when they are used up, and further ones are refused', async () => {
    await open(1_000);
    allow('ok.test');
    const socket = await tunnel('ok.test:443');
    socket.on('error', () => undefined);
    socket.write(`POST / HTTP/1.1\r\nHost: ok.test\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(2_000)}`);
    await once(socket, 'close');
    expect(await connectLine('ok.test:443')).toContain('the traffic of this day is used up');
  });

  it('begin anew after 24 hours', () => {
    let now = 0;
    const counted = new Traffic(10, () => now);
    expect(counted.count('sent', 10)).toBe(false);
    expect(counted.isExhausted()).toBe(true);
    now = 24 * 60 * 60 * 1000;
    expect(counted.isExhausted()).toBe(false);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../db/testing/eventually.ts';
import { type HqProcess, startHqProcess } from '../../local/testing/hq-process.ts';
import { listeningPorts } from '../../local/testing/listening-sockets.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let home: string;
let hq: HqProcess;
const sockets: Socket[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hq-half-open-'));
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await hq?.stop();
  await rm(home, { recursive: true, force: true });
});

/** Returns what a program of another user gets who connects to a socket. */
async function connectAs(uid: number, path: string): Promise<string> {
  const program = `require('node:net').connect(process.argv[1]).on('error', (error) => console.log(error.code))
    .on('connect', () => { console.log('connected'); process.exit(); })`;
  const child = spawn(process.execPath, ['-e', program, path], {
    uid,
    gid: uid,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (bytes) => {
    text += String(bytes);
  });
  await once(child, 'close');
  return text.trim();
}

describe.runIf(process.platform === 'linux')('another user of the machine', () => {
  it('finds no port of the database, and cannot keep HQ from it with idle connections', async () => {
    const data = join(home, 'data');
    hq = startHqProcess(['--no-tui', '--data', data]);
    const { url, anonKey, pid } = await hq.ready;
    const postgres = Number(
      (await readFile(join(data, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0],
    );
    // The API, the health of the runner and the gateway are Node programs.
    const ofPostgres = listeningPorts([postgres]);
    expect(listeningPorts([pid])).toEqual([Number(new URL(url).port)]);
    for (const port of [...ofPostgres, Number(new URL(url).port)]) {
      for (let at = 0; at < 130; at += 1)
        sockets.push(connect(port, '127.0.0.1').on('error', () => undefined));
    }
    process.kill(postgres, 'SIGKILL');
    await eventually(async () => {
      const answer = await fetch(`${url}/rest/v1/gateways?select=id`, { headers: { apikey: anonKey } });
      expect(answer.status).not.toBe(503);
    });
    expect(ofPostgres).toEqual([]);
    if (process.getuid?.() === 0) {
      expect(await connectAs(12_345, join(data, 'postgres', '.s.PGSQL.5432'))).toBe('EACCES');
    }
  });
});

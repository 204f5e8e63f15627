import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { botAccount } from '../bots/testing/bots-process.ts';
import { eventually } from '../db/testing/eventually.ts';
import { startTestStack, type TestStack } from '../local/testing/stack.ts';
import { ScreenSession } from '../tui/testing/screen-session.ts';

const program = fileURLToPath(new URL('../bots/playground/main.ts', import.meta.url));

let stack: TestStack;
let home: string;

beforeAll(async () => {
  [stack, home] = await Promise.all([startTestStack(), mkdtemp(join(tmpdir(), 'hq-rehearsal-'))]);
  const account = await botAccount(stack);
  await writeFile(
    join(home, 'run.json'),
    JSON.stringify({
      url: stack.url,
      anonKey: stack.anonKey,
      serviceRoleKey: 'unused',
      jwtSecret: 'unused',
      email: 'unused',
      password: 'unused',
      botEmail: account.HQ_BOT_EMAIL,
      botPassword: account.HQ_BOT_PASSWORD,
      gatewayHome: 'unused',
      pid: process.pid,
    }),
    { mode: 0o600 },
  );
}, 120_000);
afterAll(async () => {
  await stack.close();
  await rm(home, { recursive: true });
});

interface Rehearsal {
  readonly child: ChildProcess;
  readonly exit: Promise<unknown[]>;
  type(line: string): void;
  /** Resolves when that was printed behind everything that was waited for before. */
  shows(words: RegExp): Promise<void>;
}

function rehearse(platform: string, runFile = join(home, 'run.json')): Rehearsal {
  const child = spawn(process.execPath, [program, platform], {
    env: { PATH: process.env.PATH, HQ_RUN_FILE: runFile },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  let read = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
  }
  return {
    child,
    exit: once(child, 'exit'),
    type: (line) => void child.stdin.write(`${line}\n`),
    shows: (words) =>
      eventually(() => {
        const found = words.exec(text.slice(read));
        if (found === null) throw new Error(`${words} is not in: ${text.slice(read)}`);
        read += found.index + found[0].length;
      }),
  };
}

async function linkCode(): Promise<string> {
  const client = await stack.clientOf(await stack.createMember('admin'));
  const { data } = await client.rpc('issue_chat_code');
  return z.object({ code: z.string() }).parse(data).code;
}

describe('npm run chat', { timeout: 240_000 }, () => {
  it.each([
    { platform: 'telegram', fields: 1, typed: '/hq create_task', question: /Title\?/ },
    { platform: 'slack', fields: 5, typed: '/hq create_task', question: /A form: Create a task[\s\S]*Title/ },
    // Discord's menu asks for the fields of a command.
    { platform: 'discord', fields: 0, typed: '/hq create_task "Write from discord"', question: null },
  ])('talks to the bots as on $platform', async ({ platform, fields, typed, question }) => {
    const chat = rehearse(platform);
    await chat.shows(/HQ is there/);
    chat.type('/hq status');
    await chat.shows(/linked to nobody/);
    chat.type(`/hq link ${await linkCode()}`);
    await chat.shows(/Linked to/);

    if (question !== null && fields > 1) {
      chat.type(typed);
      await chat.shows(question);
      chat.type('[Cancel]');
    }
    chat.type(typed);
    if (question !== null) await chat.shows(question);
    for (let field = 0; field < fields; field += 1) chat.type(field === 0 ? `Write from ${platform}` : '');
    await chat.shows(/task \w{8} \(.*\) for nobody yet/);
    const [task] = await stack.database.query('select 1 from tasks where title = $1', [
      `Write from ${platform}`,
    ]);
    expect(task).toBeDefined();

    chat.type('/hq status');
    await chat.shows(/Status of the fleet[\s\S]*\[Refresh\]/);
    chat.type('[nothing of the kind]');
    await chat.shows(/No message has a button "nothing of the kind"/);
    chat.type('# /hq status');
    await chat.shows(/#ops HQ[\s\S]*bound to nothing/);

    chat.child.stdin?.end();
    expect(await chat.exit).toEqual([0, null]);
  });

  it('reports that no HQ runs', async () => {
    const chat = rehearse('telegram', join(home, 'nowhere.json'));
    await chat.shows(/No HQ runs here[\s\S]*npm start/);
    expect(await chat.exit).toEqual([1, null]);
  });

  it('ends at Ctrl-D in a terminal', async () => {
    const screen = new ScreenSession(process.execPath, [program], {
      columns: 100,
      rows: 30,
      env: { PATH: process.env.PATH ?? '', HQ_RUN_FILE: join(home, 'run.json') },
    });
    try {
      await screen.waitFor('HQ is there', 60_000);
      screen.press('\x04');
      expect((await screen.ended()).exitCode).toBe(0);
    } finally {
      await screen.close();
    }
  });

  it('leaves no bot behind when it is killed', async () => {
    const chat = rehearse('telegram');
    await chat.shows(/HQ is there/);
    chat.child.kill('SIGKILL');
    await chat.exit;
    await eventually(async () => {
      const [row] = await stack.database.query<{ state: string }>(
        `select state from chat_adapters where platform = 'telegram'`,
      );
      expect(row?.state).toBe('stopped');
    });
  });
});

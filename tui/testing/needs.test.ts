import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type AgentCall, asAgent } from '../../db/testing/agent-call.ts';
import { nilTenant } from '../../db/testing/database.ts';
import { eventually } from '../../db/testing/eventually.ts';
import { type StackMember, startTestStack, type TestStack } from '../../local/testing/stack.ts';
import { type Bundled, bundled } from './bundled.ts';
import { ScreenSession } from './screen-session.ts';

const limitMs = 90_000;

let program: Bundled;
let stack: TestStack;
let home: string;
let member: StackMember;
let call: AgentCall;
const sessions: ScreenSession[] = [];

beforeAll(async () => {
  [program, stack, home] = await Promise.all([
    bundled('tui/src/main.ts'),
    startTestStack(),
    mkdtemp(join(tmpdir(), 'hq-home-')),
  ]);
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  call = await asAgent(stack.database, await stack.database.addAgent('maya', row?.id ?? ''));
  member = await stack.createMember('admin', { email: 'ann@example.test' });
}, limitMs);
beforeEach(() => stack.database.query('delete from agent_questions'));
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});
afterAll(async () => {
  await stack?.close();
  await program?.remove();
  await rm(home, { recursive: true, force: true });
});

async function open(): Promise<ScreenSession> {
  const session = new ScreenSession(process.execPath, [program.file], {
    ...{ columns: 80, rows: 24, background: '0000/0000/0000' },
    env: {
      ...{ SUPABASE_URL: stack.url, SUPABASE_ANON_KEY: stack.anonKey, XDG_STATE_HOME: home, NO_COLOR: '1' },
      ...{ HQ_EMAIL: member.email, HQ_PASSWORD: member.password },
    },
  });
  sessions.push(session);
  await session.waitFor('LIVE');
  return session;
}

const answers = async () =>
  (await stack.database.query<{ answer: string | null }>('select answer from agent_questions')).map(
    ({ answer }) => answer,
  );

it('a question comes to the screen and is answered by a number', { timeout: limitMs }, async () => {
  const session = await open();
  session.press('w');
  await session.waitFor('Nothing waits for you.');
  await call('ask', { question: 'Deploy now?', choices: ['yes', 'no'] });
  await session.waitFor(/question +now +maya/);
  session.press('\r');
  await session.waitFor('3 Another answer');
  session.press('\r');
  await session.settled();
  expect(await answers()).toEqual([null]);
  session.press('2');
  await session.waitFor('maya is told: no');
  expect(await answers()).toEqual(['no']);
  await session.waitFor('Nothing waits for you.');
});

it('another answer is written in its place', { timeout: limitMs }, async () => {
  await call('ask', { question: 'Which title?', choices: ['Long'] });
  const session = await open();
  session.press('w');
  await session.waitFor(/question +now +maya/);
  session.press('\r');
  await session.waitFor('2 Another answer');
  session.press('2');
  await session.waitFor('enter sends it');
  session.press('3 little words\r');
  await session.waitFor('maya is told');
  expect(await answers()).toEqual(['3 little words']);
});

it('a question that somebody else answers closes, and says who decided what', {
  timeout: limitMs,
}, async () => {
  const { id } = await call('ask', { question: 'Deploy now?', choices: ['yes', 'no'] });
  const session = await open();
  session.press('w');
  await session.waitFor(/question +now +maya/);
  session.press('\r');
  await session.waitFor('1 yes');
  const bob = await stack.createMember('operator', { email: 'bob@example.test' });
  await stack.database.query(
    `insert into agent_commands (action, payload, requested_by) values ('answer_question', $1, $2)`,
    [JSON.stringify({ question: id, answer: 'yes' }), bob.id],
  );
  await session.waitFor(/Answered by .*: yes/);
  await eventually(() => expect(session.text()).not.toContain('1 yes'));
});

it('X stops all agents after a confirmation, and the first line says who did', {
  timeout: limitMs,
}, async () => {
  const session = await open();
  session.press('X');
  expect(await session.waitFor('Every running turn is aborted.')).not.toContain('now.');
  session.press('\t\r');
  await session.waitFor(/HQ +STOPPED by you since \d\d:\d\d UTC: X resumes +● LIVE/);
  await stack.database.query('update workspace set stopped_at = null, stopped_by = null');
  await session.waitFor(/HQ +Default · ann@example\.test/);
});

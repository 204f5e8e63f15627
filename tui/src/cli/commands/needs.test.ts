import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AgentCall, asAgent } from '../../../../db/testing/agent-call.ts';
import { call } from '../../../testing/call.ts';
import { openCliStack } from '../../../testing/cli-stack.ts';

const cli = await openCliStack();
const { stack, viewer, as, asOperator } = cli;
afterAll(cli.close);

let agent: AgentCall;
beforeAll(async () => {
  agent = await asAgent(stack.database, await stack.database.addAgent('maya', cli.gateway));
});
beforeEach(() => stack.database.query('delete from agent_questions'));

const ask = async (more: object = {}) =>
  String(
    (await agent('ask', { question: 'Deploy now?', choices: ['yes', 'no'], free_text: false, ...more })).id,
  );

describe('hq-tui needs', () => {
  it('lists what waits, as a table and as a document', async () => {
    expect((await asOperator(['needs'])).stderr).toContain('Nothing waits for you.');
    const id = await ask();
    const { stdout } = await asOperator(['needs']);
    expect(stdout).toMatch(/question\s+now\s+maya\s+Deploy now\?\s+yes \/ no/);
    const { stdout: json } = await call(['needs', '--json'], { env: as(viewer) });
    expect(JSON.parse(json).needs).toEqual([
      expect.objectContaining({
        ...{
          id,
          kind: 'question',
          agent: 'maya',
          title: 'Deploy now?',
          choices: ['yes', 'no'],
          freeText: false,
        },
        actions: [expect.objectContaining({ action: 'answer_question', allowed: false })],
      }),
    ]);
  });
});

describe('hq-tui answer', () => {
  it('answers by a choice or its number, once', async () => {
    const id = await ask();
    expect(await asOperator(['answer', id.slice(0, 8), '2'])).toMatchObject({
      code: 0,
      stdout: 'maya is told: no\n',
    });
    const late = await asOperator(['answer', id, 'yes']);
    expect(late.code).not.toBe(0);
    expect(late.stderr).toContain('answered "no" by olga@example.test');
  });

  it.each(['zz', '1234'])(
    'refuses %s, which is the id of no question, and says what lists them',
    async (id) => {
      const { code, stderr } = await asOperator(['answer', id, 'yes']);
      expect(code).toBe(2);
      expect(stderr).toContain(id);
      expect(stderr).toContain('`hq-tui needs` lists them.');
    },
  );

  it('takes several words as one text', async () => {
    const id = await ask({ question: 'Which title?', choices: [], free_text: true });
    await asOperator(['answer', id, 'The', 'long way']);
    expect(await stack.database.query('select answer from agent_questions')).toEqual([
      { answer: 'The long way' },
    ]);
  });

  it('says what is wrong with an answer, a question and a role', async () => {
    const id = await ask();
    const wrong = await asOperator(['answer', id, 'maybe']);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the answer must be one of: yes, no'),
    });
    expect((await asOperator(['answer', '00000000', 'yes'])).stderr).toContain('there is no such question');
    expect((await call(['answer', id, 'yes'], { env: as(viewer) })).stderr).toContain(
      'needs the role operator',
    );
    expect((await asOperator(['--readonly', 'answer', id, 'yes'])).stderr).toContain('allows no changes');
  });

  it('asks before a host is allowed, which needs an admin', async () => {
    await agent('host_refused', { host: 'pypi.org', port: 443 });
    const [row] = await stack.database.query<{ id: string }>('select id from agent_questions');
    const id = row?.id ?? '';
    expect((await asOperator(['answer', id, 'allow'])).stderr).toContain('Add --yes to confirm it.');
    expect((await asOperator(['answer', id, 'allow', '--yes'])).stderr).toContain('needs the role admin');
    const admin = await stack.createMember('admin', { email: 'ann@example.test' });
    expect(await call(['answer', id, 'allow', '--yes'], { env: as(admin) })).toMatchObject({
      code: 0,
      stdout: 'maya may reach pypi.org\n',
    });
  });
});

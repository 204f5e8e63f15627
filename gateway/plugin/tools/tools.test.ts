import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { limited, outline } from './answer-text.ts';
import { hqTools } from './index.ts';

const tool = (name: string) => {
  const found = hqTools.find((other) => other.name === name);
  if (found === undefined) throw new Error(`no tool ${name}`);
  return found;
};
const turn = { sessionKey: 'agent:maya:one', runId: 'run-1' };
const id = '0123abcd-0000-4000-8000-000000000000';

it('are the tools that the plugin’s manifest declares', () => {
  const manifest = JSON.parse(readFileSync(new URL('../openclaw.plugin.json', import.meta.url), 'utf8'));
  expect(manifest.contracts.tools).toEqual(hqTools.map(({ name }) => name));
});

it('describe every parameter that its name does not explain', () => {
  for (const { parameters } of hqTools)
    expect(parameters).toMatchObject({ type: 'object', additionalProperties: false });
});

it('refuse parameters with a sentence for each fault', () => {
  const call = () => tool('hq_fail').arguments({ item: 'xyz', extra: 1 }, turn);
  expect(call).toThrow(/^The parameters of hq_fail are wrong\. .*item: an id has .*reason: /);
});

it('refuse texts above their limit', () => {
  const call = () => tool('hq_comment').arguments({ task: id, body: 'x'.repeat(10_001) }, turn);
  expect(call).toThrow(/body: /);
});

it('take an item for the session and the run of the turn, whatever the model says', () => {
  expect(tool('hq_take').arguments({ item: id }, turn)).toEqual({
    item: id,
    session_key: 'agent:maya:one',
    run_id: 'run-1',
  });
  expect(() => tool('hq_take').arguments({ item: id, session_key: 'other' }, turn)).toThrow(/session_key/);
});

describe('the text for the model', () => {
  it('lists the inbox', () => {
    const item = { id, event: 'task_assignment', status: 'pending', created_at: '2026-11-30T21:00:00Z' };
    expect(tool('hq_inbox').text({ items: [] })).toBe('Your inbox is empty.');
    expect(
      tool('hq_inbox').text({
        items: [{ ...item, task_id: id, task_title: 'Write\nthe report', attempt: 1 }],
      }),
    ).toBe(
      'One item waits, oldest first:\n- item 0123abcd: task_assignment, task 0123abcd "Write the report", attempt 1, since 2026-11-30 21:00 UTC',
    );
  });

  it('writes nested answers as indented lines without what is empty', () => {
    expect(
      outline({
        id,
        due: null,
        comments: [{ body: 'two\nlines', author: 'ann' }, { body: 'one' }],
        links: [],
      }),
    ).toBe(`id: ${id}\ncomments:\n  - body:\n      two\n      lines\n    author: ann\n  - body: one`);
  });

  it('has no control characters, and is cut with a note', () => {
    expect(outline({ body: 'a\u001b[31mb\u0007' })).toBe('body: ab\ufffd');
    const long = limited('line\n'.repeat(10_000));
    expect(long.length).toBeLessThan(16_100);
    expect(long).toMatch(/the rest is left out\.\)$/);
  });
});

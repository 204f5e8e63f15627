import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startModelServer } from './model-server.ts';
import { rehearsalScript } from './script.ts';

const tools = ['exec', 'hq_inbox', 'hq_take', 'hq_comment', 'hq_submit_deliverable', 'hq_complete'];
const user = { role: 'user', text: 'Look into your inbox.', toolCalls: [] };
const result = (name: string, text: string) => [
  { role: 'assistant', text: '', toolCalls: [name] },
  { role: 'tool', text, toolCalls: [] },
];
const reply = (...results: ReturnType<typeof result>[]) =>
  rehearsalScript({ messages: [user, ...results.flat()], tools, authorization: '' });
const inbox = result(
  'hq_inbox',
  'One item waits, oldest first:\n- item 1a2b3c4d: task_assignment, task 9f8e7d6c "Write", since 2026-01-01 10:00 UTC',
);
const taken = result('hq_take', 'You have taken this item for ten minutes.');

describe('the script of a rehearsal', () => {
  it('reads the inbox, takes the item, comments on its task, hands in a result and completes it', () => {
    expect(reply()).toEqual({ tool: 'hq_inbox', arguments: {} });
    expect(reply(inbox)).toEqual({ tool: 'hq_take', arguments: { item: '1a2b3c4d' } });
    expect(reply(inbox, taken)).toMatchObject({ tool: 'hq_comment', arguments: { task: '9f8e7d6c' } });
    const commented = result('hq_comment', 'The comment was written.');
    expect(reply(inbox, taken, commented)).toMatchObject({
      tool: 'hq_submit_deliverable',
      arguments: { task: '9f8e7d6c' },
    });
    const submitted = result(
      'hq_submit_deliverable',
      'Deliverable 0a0b0c0d is handed in and waits for review.',
    );
    expect(reply(inbox, taken, commented, submitted)).toMatchObject({
      tool: 'hq_complete',
      arguments: { item: '1a2b3c4d' },
    });
    const completed = result('hq_complete', 'The item is done and has left your inbox.');
    expect(reply(inbox, taken, commented, submitted, completed)).toMatchObject({
      text: expect.stringContaining('completed it'),
    });
  });

  it('hands in nothing for the review of what it handed in', () => {
    const reviewed = result('hq_inbox', '- item 1a2b3c4d: deliverable_review, task 9f8e7d6c "Write"');
    const commented = result('hq_comment', 'The comment was written.');
    expect(reply(reviewed, taken, commented)).toMatchObject({ tool: 'hq_complete' });
  });

  it('runs a command that a person orders, where the agent may run any', () => {
    const ordered = { ...user, text: '[Mon 2026-11-30 22:09 UTC] run: id -u' };
    const messages = [ordered, ...result('exec', '1000')];
    expect(rehearsalScript({ messages: [ordered], tools, authorization: '' })).toEqual({
      tool: 'exec',
      arguments: { command: 'id -u' },
    });
    expect(rehearsalScript({ messages, tools, authorization: '' })).toEqual({
      text: expect.stringContaining('The command printed:\n1000'),
    });
    expect(rehearsalScript({ messages: [ordered], tools: ['read'], authorization: '' })).toEqual({
      text: expect.stringContaining('You wrote: "run: id -u"'),
    });
  });

  it('takes the item that the message names, whatever waits longer', () => {
    const text = 'This turn is for item 5e6f7a8b of your HQ inbox, and for no other.';
    const two = result(
      'hq_inbox',
      '2 items wait:\n- item 1a2b3c4d: task_assignment, task 9f8e7d6c "Old"\n- item 5e6f7a8b: task_assignment, task 0d0c0b0a "New"',
    );
    const answer = (...turn: readonly (typeof two)[]) =>
      rehearsalScript({ messages: [{ ...user, text }, ...turn.flat()], tools, authorization: '' });
    expect(answer(two)).toEqual({ tool: 'hq_take', arguments: { item: '5e6f7a8b' } });
    expect(answer(two, taken)).toMatchObject({ tool: 'hq_comment', arguments: { task: '0d0c0b0a' } });
  });

  it('says that no model answers, also where the inbox is empty or HQ refuses', () => {
    for (const answer of [
      reply(result('hq_inbox', 'Your inbox is empty.')),
      reply(inbox, result('hq_take', 'Another session holds this item.')),
      rehearsalScript({ messages: [user], tools: ['exec'], authorization: '' }),
    ]) {
      expect(answer).toMatchObject({ text: expect.stringContaining('a script answers here, no model') });
    }
  });

  it('repeats what a person wrote, and not what OpenClaw adds to it', () => {
    const added = '<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\nstate\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>';
    const written = {
      ...user,
      text: '[Mon 2026-11-30 22:09 UTC] Look into your inbox.\n\nRuntime: agent=maya | os=Linux',
    };
    const messages = [written, { role: 'user', text: added, toolCalls: [] }];
    const answer = rehearsalScript({ messages, tools: [], authorization: '' });
    expect(answer).toMatchObject({ text: expect.stringContaining('You wrote: "Look into your inbox."') });
  });
});

it('the model server answers whole or as a stream, with usage', async () => {
  const server = await startModelServer(rehearsalScript);
  const ask = (stream: boolean) =>
    fetch(`${server.url}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ stream, messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] }),
    });
  try {
    const whole = await (await ask(false)).json();
    expect(whole).toMatchObject({
      choices: [{ message: { content: expect.stringContaining('You wrote: "Hi"') }, finish_reason: 'stop' }],
      usage: { total_tokens: expect.any(Number) },
    });
    const lines = (await (await ask(true)).text()).split('\n\n').filter((line) => line !== '');
    expect(lines.at(-1)).toBe('data: [DONE]');
    const chunk = z.object({
      choices: z.array(z.object({ delta: z.object({ content: z.string().optional() }) })),
      usage: z.object({ prompt_tokens: z.number() }).optional(),
    });
    const chunks = lines.slice(0, -1).map((line) => chunk.parse(JSON.parse(line.replace('data: ', ''))));
    const text = chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '').join('');
    expect(text).toContain('You wrote: "Hi"');
    expect(chunks.at(-1)?.usage?.prompt_tokens).toBeGreaterThan(0);
  } finally {
    server.close();
  }
});

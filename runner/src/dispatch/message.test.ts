import { expect, test } from 'vitest';
import { turnMessage } from './message.ts';

const id = '0a1b2c3d-0000-4000-8000-000000000000';
const task = {
  id: '9f8e7d6c-0000-4000-8000-000000000000',
  title: 'Write the report',
  description: 'With numbers.\nAnd without \u001b[31mcolours.',
  status: 'todo',
  priority: 'high',
  due: '2031-02-03',
};

test('a task is told with what is known of it, and how to end its item', () => {
  const message = turnMessage({ id, event: 'task_assignment', summary: 'Write the report', task });
  expect(message).toContain('This turn is for item 0a1b2c3d of your HQ inbox');
  expect(message).toContain('A task was given to you.');
  expect(message).toContain('Task 9f8e7d6c: Write the report (todo, priority high, due 2031-02-03)');
  expect(message).toContain('> With numbers.\n> And without');
  expect(message).not.toContain('\u001b');
  expect(message).toContain('hq_complete with 0a1b2c3d');
  expect(message).toContain('hq_fail with 0a1b2c3d');
});

test('comments, reviews, answers and the last failure are told', () => {
  const message = turnMessage({
    id,
    event: 'deliverable_review',
    comment: { id: 'c0ffee00-0000', body: 'Please look.', by: 'ann' },
    deliverable: {
      id: 'd0d0d0d0-0000',
      label: 'The report',
      url: 'https://example.com/r',
      review_status: 'changes_requested',
      review_note: 'Shorter.',
    },
    context: { last_failure: 'it took too long', answers: [{ answer: 'Blue' }] },
  });
  expect(message).toContain('Comment c0ffee00:\n> Please look.');
  expect(message).toContain(
    'Deliverable d0d0d0d0: The report, https://example.com/r, changes_requested\n> Shorter.',
  );
  expect(message).toContain('The last attempt failed: it took too long');
  expect(message).toContain('"answer": "Blue"');
});

test('an event of a later version is named, and a long text is cut', () => {
  const description = 'x'.repeat(50_000);
  const message = turnMessage({ id, event: 'something_new', task: { ...task, description } });
  expect(message).toContain('Its event is something_new.');
  expect(message.length).toBeLessThan(15_000);
});

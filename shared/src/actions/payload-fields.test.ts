import { expect, test } from 'vitest';
import { catalogue, readPayload } from './index.ts';

test('a missing field is named with its syntax', () => {
  expect(() => readPayload('create_task', catalogue.create_task, { priority: 'high' })).toThrow(
    expect.objectContaining({
      code: 'usage',
      field: 'title',
      message: 'Missing field title: set title=<string>.',
    }),
  );
});

test('an unknown field is answered with the names of those that there are', () => {
  expect(() => readPayload('create_task', catalogue.create_task, { owner: 'ada' })).toThrow(
    expect.objectContaining({
      field: 'owner',
      hint: 'create_task takes title, description, priority, due_date, agent.',
    }),
  );
});

test('a bad value is answered with what is wrong, and with the description of that field alone', () => {
  const refuse = (values: Record<string, string>, fault: object) =>
    expect(() => readPayload('provision', catalogue.provision, values)).toThrow(
      expect.objectContaining({ code: 'usage', ...fault }),
    );
  refuse(
    { thinking: 'hard' },
    {
      field: 'thinking',
      message: 'It is none of off, low, medium, high, xhigh.',
      hint: 'Set thinking=<off|low|medium|high|xhigh>  How long it thinks before it answers.',
    },
  );
  refuse({ slug: 'a' }, { field: 'slug', message: 'It needs 2 characters or more.' });
  refuse(
    { name: 'x'.repeat(5000) },
    { field: 'name', message: expect.stringMatching(/^It has more than \d+ characters\.$/) },
  );
});

test('one bad value of a list is named', () => {
  expect(() =>
    readPayload('set_allowed_hosts', catalogue.set_allowed_hosts, { hosts: 'pypi.org,https://a.b' }),
  ).toThrow(
    expect.objectContaining({
      field: 'hosts',
      message: expect.stringMatching(/^Entry 2: a host name such as /),
    }),
  );
});

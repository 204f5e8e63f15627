import { describe, expect, it } from 'vitest';
import { databaseError } from './database-error.ts';

describe('a refusal of the database', () => {
  // PostgREST answers these with 500, as it does a failure.
  it.each([
    ['P0002', 'not_found'],
    ['57014', 'timed_out'],
  ])('with %s is told as such, though its status is 500', (code, expected) => {
    const error = databaseError({ message: 'no such gateway', code, hint: 'Name another.' }, 500, 'hq');
    expect(error).toMatchObject({ code: expected, message: 'no such gateway', hint: 'Name another.' });
  });

  it.each(['40001', 'XX000', '', null])('with %j and 500 is a failure to answer', (code) => {
    expect(databaseError({ message: 'internal', code }, 500, 'hq')).toMatchObject({ code: 'unreachable' });
  });
});

import { type Action, catalogue } from '@hq/shared/actions';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { actionRows, payloadSchema } from '../../src/action-rows.ts';
import { cloneDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

async function faultOf(
  value: unknown,
  schema: unknown,
): Promise<{ field: string | null; message: string } | null> {
  const [row] = await database.query<{ fault: { field: string | null; message: string } | null }>(
    `select hq.find_fault($1::jsonb, $2::jsonb) as fault`,
    [JSON.stringify(value), JSON.stringify(schema)],
  );
  return row?.fault ?? null;
}

const payloads = Object.entries<Action>(catalogue).map(([name, { payload }]) => ({ name, payload }));

/** Values near the edge: those that the schemas name, and anything else that JSON can hold. */
const value = fc.oneof(
  fc.constantFrom(
    'gateway',
    'slack',
    'none',
    'high',
    'a-b',
    '-a',
    'A',
    'abc\n',
    '',
    'x'.repeat(63),
    'x'.repeat(64),
    'x'.repeat(2001),
  ),
  fc.constantFrom(0, 1, 1000, 1001, -1, 1.5, 1e300, true, null),
  fc.string({ unit: 'grapheme-ascii', maxLength: 8 }),
  fc.array(fc.integer(), { maxLength: 2 }),
);

describe('the check of a payload in the database', () => {
  test.each(payloads)('agrees with the catalogue about $name', async ({ name, payload }) => {
    const schema = payloadSchema(payload, name);
    const names = [...Object.keys(payload.shape), 'stray'];
    const candidate = fc.dictionary(fc.constantFrom(...names), value, {
      maxKeys: names.length,
      noNullPrototype: true,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 9, arbitrary: candidate }, { weight: 1, arbitrary: value }),
        async (given) => {
          const isFine = payload.safeParse(given).success;
          expect((await faultOf(given, schema)) === null, JSON.stringify(given)).toBe(isFine);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('goes into lists and objects and names the place', async () => {
    const schema = payloadSchema(
      z.strictObject({ mounts: z.array(z.strictObject({ path: z.string().min(1), mode: z.literal('ro') })) }),
      'test',
    );
    expect(await faultOf({ mounts: [{ path: '/a', mode: 'ro' }] }, schema)).toBeNull();
    expect(
      await faultOf(
        {
          mounts: [
            { path: '/a', mode: 'ro' },
            { path: '/b', mode: 'rw' },
          ],
        },
        schema,
      ),
    ).toEqual({
      field: 'mounts[1].mode',
      message: 'mounts[1].mode must be ro',
    });
    expect(await faultOf({ mounts: [{ mode: 'ro' }] }, schema)).toMatchObject({ field: 'mounts[0].path' });
  });
});

describe('the policy rows', () => {
  test('are refused when a payload says what the database cannot check', () => {
    expect(() => payloadSchema(z.object({ when: z.iso.datetime() }), 'later')).toThrow(
      /later.*format.*cannot check/,
    );
    expect(() => payloadSchema(z.object({ either: z.union([z.string(), z.number()]) }), 'x')).toThrow(
      /x has a value of several types/,
    );
  });

  test('are in the database as the catalogue has them', async () => {
    expect(await database.query(`select * from hq.actions order by name collate "C"`)).toEqual(actionRows());
  });
});

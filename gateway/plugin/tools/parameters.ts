import { z } from 'zod';

/** An id as HQ accepts it: whole, or at least its first eight digits. */
export const id = (description: string) =>
  z
    .string()
    .regex(/^[0-9a-fA-F]{8}[0-9a-fA-F-]{0,28}$/, 'an id has 8 to 36 characters, digits and a to f')
    .describe(description);

export const agentName = (description: string) =>
  z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'a name in HQ has small letters, digits and single hyphens')
    .max(64)
    .describe(description);

export const taskId = id('The task, by its id or the first eight characters of it');

/** A day, or a time with its zone. */
export const time = z
  .string()
  .regex(
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2}))?$/,
    'a time is a day, or has the form 2026-12-24T17:00:00Z',
  );

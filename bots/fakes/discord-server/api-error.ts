import type { z } from 'zod';

/** An error response in Discord's format. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: FieldErrorTree | undefined;

  constructor(status: number, code: number, message: string, errors?: FieldErrorTree) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  toJSON(): Record<string, unknown> {
    return { message: this.message, code: this.code, ...(this.errors && { errors: this.errors }) };
  }
}

export interface FieldError {
  readonly code: string;
  readonly message: string;
}

export interface FieldErrorTree {
  [key: string]: FieldErrorTree | FieldError[];
}

export const unauthorized = (): ApiError => new ApiError(401, 0, '401: Unauthorized');
export const unknownChannel = (): ApiError => new ApiError(404, 10_003, 'Unknown Channel');
export const unknownMessage = (): ApiError => new ApiError(404, 10_008, 'Unknown Message');
export const unknownWebhook = (): ApiError => new ApiError(404, 10_015, 'Unknown Webhook');
export const unknownInteraction = (): ApiError => new ApiError(404, 10_062, 'Unknown interaction');
export const alreadyAcknowledged = (): ApiError =>
  new ApiError(400, 40_060, 'Interaction has already been acknowledged.');
export const missingAccess = (): ApiError => new ApiError(403, 50_001, 'Missing Access');
export const emptyMessage = (): ApiError => new ApiError(400, 50_006, 'Cannot send an empty message');
export const closedToDirectMessages = (): ApiError =>
  new ApiError(403, 50_007, 'Cannot send messages to this user');
export const expiredWebhookToken = (): ApiError => new ApiError(401, 50_027, 'Invalid Webhook Token');

/** Returns "Invalid Form Body" with one error at the path. */
export function invalidBody(path: readonly PropertyKey[], fault: FieldError): ApiError {
  const errors: FieldErrorTree = {};
  place(errors, path, fault);
  return new ApiError(400, 50_035, 'Invalid Form Body', errors);
}

/** Parses the body. Throws "Invalid Form Body" with each error at its path. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const outcome = schema.safeParse(body);
  if (outcome.success) return outcome.data;
  const errors: FieldErrorTree = {};
  for (const issue of outcome.error.issues) place(errors, issue.path, faultOf(issue));
  throw new ApiError(400, 50_035, 'Invalid Form Body', errors);
}

function faultOf(issue: z.core.$ZodIssue): FieldError {
  switch (issue.code) {
    case 'too_big':
      return { code: 'BASE_TYPE_MAX_LENGTH', message: `Must be ${issue.maximum} or fewer in length.` };
    case 'too_small':
      return { code: 'BASE_TYPE_MIN_LENGTH', message: `Must be ${issue.minimum} or more in length.` };
    case 'invalid_format':
      return { code: 'STRING_TYPE_REGEX', message: 'String value did not match validation regex.' };
    case 'custom':
      return { code: 'BASE_TYPE_BAD_VALUE', message: issue.message };
    default:
      return { code: 'BASE_TYPE_BAD_TYPE', message: issue.message };
  }
}

function place(errors: FieldErrorTree, path: readonly PropertyKey[], fault: FieldError): void {
  let at = errors;
  for (const key of path) {
    const next = at[String(key)];
    const inner: FieldErrorTree = next === undefined || Array.isArray(next) ? {} : { ...next };
    at[String(key)] = inner;
    at = inner;
  }
  const earlier = at._errors;
  at._errors = [...(Array.isArray(earlier) ? earlier : []), fault];
}

import { requestScope } from './request-scope.ts';

/**
 * Silences the console while a request is served: @supabase/lite prints every database error with the values of its row.
 * The pool records the error's code instead.
 */
export function quietConsoleDuringRequests(): void {
  for (const method of ['error', 'warn', 'info', 'log'] as const) {
    const print = console[method];
    if (quieted.has(print)) continue;
    const quiet = (...values: unknown[]): void => {
      if (!requestScope.getStore()) print(...values);
    };
    quieted.add(quiet);
    console[method] = quiet;
  }
}

const quieted = new WeakSet<(...values: unknown[]) => void>();

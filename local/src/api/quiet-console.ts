import { requestScope } from './request-scope.ts';

/**
 * @supabase/lite prints every database error with console.error, and with it the values of the row at fault. While a
 * request is served nothing may be printed; the error's code is noted by the pool instead. Code outside of requests
 * keeps its console.
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

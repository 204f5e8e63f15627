import type { Caller, TestDatabase } from './database.ts';

export interface Answer {
  readonly command?: { readonly id: string; readonly status: string; readonly [column: string]: unknown };
  readonly created?: boolean;
  readonly refused?: {
    readonly code: string;
    readonly message: string;
    readonly hint: string | null;
    readonly field: string | null;
  };
}

export interface Asked {
  readonly payload?: unknown;
  readonly gateway?: string;
  readonly agent?: string;
  readonly key?: string;
  readonly origin?: string;
}

/** Adds a command as a client does. */
export async function enqueue(
  database: TestDatabase,
  caller: Caller,
  action: string,
  { payload = {}, gateway, agent, key, origin = 'cli' }: Asked = {},
): Promise<Answer> {
  const [row] = await database.as<{ answer: Answer }>(
    caller,
    `select enqueue_command($1, $2, $3, $4, $5, $6) as answer`,
    [action, JSON.stringify(payload), gateway ?? null, agent ?? null, key ?? null, origin],
  );
  if (row === undefined) throw new Error('enqueue_command gave no answer');
  return row.answer;
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { nilTenant } from '../../db/testing/database.ts';
import { exchange } from '../../db/testing/exchange.ts';
import { type StackMember, startTestStack } from '../../local/testing/stack.ts';
import { type CallOptions, type CallResult, call } from './call.ts';

const enqueued = z.object({
  command: z.looseObject({ id: z.string(), status: z.string() }),
  created: z.boolean(),
});

/** An HQ of its own for the calls of one test file, with an operator, a viewer and one gateway. */
export async function openCliStack() {
  const stack = await startTestStack();
  const operator = await stack.createMember('operator', { email: 'olga@example.test' });
  const viewer = await stack.createMember('viewer', { email: 'vera@example.test' });
  const home = await mkdtemp(join(tmpdir(), 'hq-cli-'));
  const [row] = await stack.database.query<{ id: string }>('select id from gateways where tenant_id = $1', [
    nilTenant,
  ]);
  const gateway = row?.id ?? '';

  /** Nothing of this machine's own logins and stacks. */
  const nowhere = (): Record<string, string> => ({
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
  });
  const signedOut = (): Record<string, string> => ({
    ...nowhere(),
    SUPABASE_URL: stack.url,
    SUPABASE_ANON_KEY: stack.anonKey,
  });
  const as = ({ email, password }: StackMember): Record<string, string> => ({
    ...signedOut(),
    HQ_EMAIL: email,
    HQ_PASSWORD: password,
  });
  const asOperator = (args: readonly string[], more: Omit<CallOptions, 'env'> = {}): Promise<CallResult> =>
    call(args, { ...more, env: as(operator) });

  return {
    stack,
    operator,
    viewer,
    home,
    gateway,
    nowhere,
    signedOut,
    as,
    asOperator,
    /** Runs an action as the operator, and returns the id of its command. */
    async ask(...args: string[]): Promise<string> {
      const { stdout } = await asOperator(['run', ...args, '--json']);
      return enqueued.parse(JSON.parse(stdout)).command.id;
    },
    async clearQueue(): Promise<void> {
      await stack.database.behindTheGuard('delete from public.agent_commands');
      await stack.database.behindTheGuard('delete from public.notifications');
    },
    /** Claims the next command as the runner of the gateway. */
    async whenClaimed() {
      for (;;) {
        const { claimed } = await exchange(stack.database, { gateway, claim: 1 });
        const [command] = claimed;
        if (command !== undefined) return command;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async close(): Promise<void> {
      await stack.close();
      await rm(home, { recursive: true });
    },
  };
}

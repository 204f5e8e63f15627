import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { LiveQuery } from '@hq/shared/live';
import {
  createLiveRows,
  issueChatCode,
  readQuestion,
  revokeChatLink,
  settleNotification,
} from '@hq/shared/queries';
import { readMember } from './read-member.ts';
import type { Session } from './session.ts';

/** Opens the session of the member that a client is signed in as. Fails for a user who is no member. */
export async function openSession(client: HqClient, env: NodeJS.ProcessEnv): Promise<Session> {
  const member = await readMember(client);
  const rows = createLiveRows(client);
  const opened = new Set<LiveQuery<unknown>>();
  const open = <Row>(query: LiveQuery<Row>): LiveQuery<Row> => {
    opened.add(query);
    return {
      ...query,
      close() {
        opened.delete(query);
        query.close();
      },
    };
  };
  const refresh = (): void => {
    rows.refresh();
    for (const query of opened) query.refresh();
  };
  const { data: signOuts } = client.supabase.auth.onAuthStateChange((event) => {
    // The answer to the next read says so to the screens.
    if (event === 'SIGNED_OUT') refresh();
  });
  return {
    ...rows,
    member,
    now: () => client.clock.now(),
    commandOutput: (id) => open(rows.commandOutput(id)),
    command: (id) => open(rows.command(id)),
    activityOfAgent: (id) => open(rows.activityOfAgent(id)),
    commandsOfAgent: (id) => open(rows.commandsOfAgent(id)),
    enqueue: async (request) => (await client.enqueue({ ...request, origin: 'tui' })).command,
    cancel: (id) => client.cancel(id, 'tui'),
    acknowledge: (id) => settleNotification(client, id, 'read'),
    question: (id) => readQuestion(client, id),
    dismiss: (id) => settleNotification(client, id, 'dismissed'),
    async checkSecretsKey(gateway) {
      const { keysFor } = await secretWriter();
      await keysFor(client, env, gateway, 'hq-tui secrets set KEY');
    },
    writeSecret: async (draft) => (await secretWriter()).writeSecret(client, env, draft, 'tui'),
    noteSecret: async (id, note) => (await secretWriter()).noteSecret(client, id, note, 'tui'),
    issueChatCode: () => issueChatCode(client),
    revokeChatLink: (id) => revokeChatLink(client, id),
    deleteSecret: async (id) => (await secretWriter()).deleteSecret(client, id, 'tui'),
    refresh,
    whyEnded: () => whyEnded(client),
    async close() {
      signOuts.subscription.unsubscribe();
      rows.close();
      await client.close();
    },
  };
}

/** An access token that cannot be renewed looks like none at all: whether the session is over is asked apart. */
async function whyEnded(client: HqClient): Promise<string | null> {
  try {
    if (await client.hasSession()) await readMember(client);
    else return 'Your session was ended elsewhere: signed out, or your account changed. Sign in again.';
    return null;
  } catch (failure) {
    if (!(failure instanceof HqError)) throw failure;
    if (failure.code === 'unauthenticated') return 'HQ does not accept your session any more. Sign in again.';
    return failure.code === 'refused' ? failure.message : null;
  }
}

/** Encryption is loaded when it is needed: most sessions never write a secret. */
function secretWriter() {
  return import('../secrets/write-secret.ts');
}

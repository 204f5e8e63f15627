import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { LiveQuery } from '@hq/shared/live';
import { createLiveRows, issueChatCode, revokeChatLink, settleNotification } from '@hq/shared/queries';
import type { Credentials } from './credentials.ts';
import type { Connector, Session } from './session.ts';

export interface ConnectorOptions {
  readonly host: string;
  readonly connect: () => Promise<HqClient>;
  readonly credentials: Credentials | null;
  /** Names the key that encrypts secrets. */
  readonly env: NodeJS.ProcessEnv;
}

/** Connects to one HQ: with the given credentials, with the stored session, or with what the sign-in form collects. */
export function createConnector({ host, connect, credentials, env }: ConnectorOptions): Connector {
  let connecting: Promise<HqClient> | null = null;
  // Not before it is needed: by then the first frame is on the screen.
  const client = (): Promise<HqClient> => {
    connecting ??= connect();
    return connecting;
  };
  return {
    host,
    async connect() {
      const hq = await client();
      if (credentials !== null) await hq.signIn(credentials.email, credentials.password);
      else if (!(await hq.hasSession())) return null;
      try {
        return await openSession(hq, env);
      } catch (failure) {
        // A stored session that has ended is no failure: somebody has to sign in again.
        if (credentials === null && failure instanceof HqError && failure.code === 'unauthenticated')
          return null;
        throw failure;
      }
    },
    async signIn(email, password) {
      const hq = await client();
      await hq.signIn(email, password);
      return openSession(hq, env);
    },
  };
}

async function openSession(client: HqClient, env: NodeJS.ProcessEnv): Promise<Session> {
  const [member, people] = await Promise.all([client.whoami(), client.people()]);
  if (member.role === null) {
    throw new HqError('refused', `${member.email ?? 'This user'} is no member of this HQ.`, {
      hint: 'Ask an admin to add you.',
    });
  }
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
  return {
    ...rows,
    member: { ...member, people },
    now: () => client.clock.now(),
    commandOutput: (id) => open(rows.commandOutput(id)),
    command: (id) => open(rows.command(id)),
    commandsOfAgent: (id) => open(rows.commandsOfAgent(id)),
    enqueue: async (request) => (await client.enqueue({ ...request, origin: 'tui' })).command,
    cancel: (id) => client.cancel(id, 'tui'),
    acknowledge: (id) => settleNotification(client, id, 'read'),
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
    refresh() {
      rows.refresh();
      for (const query of opened) query.refresh();
    },
    async close() {
      rows.close();
      await client.close();
    },
  };
}

/** Encryption is loaded when it is needed: most sessions never write a secret. */
function secretWriter() {
  return import('../secrets/write-secret.ts');
}

import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { LiveQuery } from '@hq/shared/live';
import { createLiveRows, issueChatCode, revokeChatLink, settleNotification } from '@hq/shared/queries';
import type { Door, House } from './house.ts';
import type { Credentials } from './sign-in-form.ts';

/** An HQ before anything was asked of it. */
interface Entrance {
  readonly host: string;
  readonly connect: () => Promise<HqClient>;
  readonly credentials: Credentials | null;
  /** Where the key of the secrets is looked for. */
  readonly env: NodeJS.ProcessEnv;
}

/** The door of one HQ: with the credentials that were given, with the stored sign-in, or with the form. */
export function doorOf({ host, connect, credentials, env }: Entrance): Door {
  let opened: Promise<HqClient> | null = null;
  // Not before it is entered: by then the first frame stands on the screen.
  const open = (): Promise<HqClient> => {
    opened ??= connect();
    return opened;
  };
  return {
    host,
    async enter() {
      const client = await open();
      if (credentials !== null) await client.signIn(credentials.email, credentials.password);
      else if (!(await client.hasSession())) return null;
      try {
        return await houseOf(client, env);
      } catch (failure) {
        // A stored sign-in that has ended is no failure: somebody has to sign in anew.
        if (credentials === null && failure instanceof HqError && failure.code === 'unauthenticated')
          return null;
        throw failure;
      }
    },
    async signIn(email, password) {
      const client = await open();
      await client.signIn(email, password);
      return houseOf(client, env);
    },
  };
}

async function houseOf(client: HqClient, env: NodeJS.ProcessEnv): Promise<House> {
  const [member, people] = await Promise.all([client.whoami(), client.people()]);
  if (member.role === null) {
    throw new HqError('refused', `${member.email ?? 'This user'} is no member of this HQ.`, {
      hint: 'Ask an admin to add you.',
    });
  }
  const stores = createLiveRows(client);
  const opened = new Set<LiveQuery<unknown>>();
  function open<Row>(query: LiveQuery<Row>): LiveQuery<Row> {
    opened.add(query);
    return {
      subscribe: query.subscribe,
      getSnapshot: query.getSnapshot,
      refresh: query.refresh,
      close() {
        opened.delete(query);
        query.close();
      },
    };
  }
  return {
    member: { ...member, people },
    now: () => client.clock.now(),
    gateways: stores.gateways,
    agents: stores.agents,
    commands: stores.commands,
    alerts: stores.notifications,
    audit: stores.audit,
    secrets: stores.secrets,
    chatLinks: stores.chatLinks,
    chatChannels: stores.chatChannels,
    chatBots: stores.chatBots,
    openOutput: (id) => open(stores.commandOutput(id)),
    openCommand: (id) => open(stores.command(id)),
    openCommandsOfAgent: (id) => open(stores.commandsOfAgent(id)),
    enqueue: async (request) => (await client.enqueue({ ...request, origin: 'tui' })).command,
    cancel: (id) => client.cancel(id, 'tui'),
    acknowledge: (id) => settleNotification(client, id, 'read'),
    dismiss: (id) => settleNotification(client, id, 'dismissed'),
    async checkSecretsKey(gateway) {
      const { keysFor } = await writing();
      await keysFor(client, env, gateway, 'hq-tui secrets set KEY');
    },
    writeSecret: async (draft) => (await writing()).writeSecret(client, env, draft, 'tui'),
    noteSecret: async (id, note) => (await writing()).noteSecret(client, id, note, 'tui'),
    issueChatCode: () => issueChatCode(client),
    revokeChatLink: (id) => revokeChatLink(client, id),
    deleteSecret: async (id) => (await writing()).deleteSecret(client, id, 'tui'),
    refresh() {
      stores.refresh();
      for (const query of opened) query.refresh();
    },
    async close() {
      stores.close();
      await client.close();
    },
  };
}

/** What encrypts is loaded when it is needed: most who look never write. */
function writing() {
  return import('../secrets/write-secret.ts');
}

import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import type { LiveQuery } from '@hq/shared/live';
import { settleNotification } from '../store/notifications.ts';
import { createStores } from '../store/stores.ts';
import type { Door, House } from './house.ts';
import type { Credentials } from './sign-in-form.ts';

/** An HQ before anything was asked of it. */
interface Entrance {
  readonly host: string;
  readonly connect: () => Promise<HqClient>;
  readonly credentials: Credentials | null;
}

/** The door of one HQ: with the credentials that were given, with the stored sign-in, or with the form. */
export function doorOf({ host, connect, credentials }: Entrance): Door {
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
        return await houseOf(client);
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
      return houseOf(client);
    },
  };
}

async function houseOf(client: HqClient): Promise<House> {
  const member = await client.whoami();
  if (member.role === null) {
    throw new HqError('refused', `${member.email ?? 'This user'} is no member of this HQ.`, {
      hint: 'Ask an admin to add you.',
    });
  }
  const stores = createStores(client);
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
    member,
    now: () => client.clock.now(),
    gateways: stores.gateways,
    agents: stores.agents,
    commands: stores.commands,
    alerts: stores.notifications,
    audit: stores.audit,
    openOutput: (id) => open(stores.commandOutput(id)),
    openCommand: (id) => open(stores.command(id)),
    openCommandsOfAgent: (id) => open(stores.commandsOfAgent(id)),
    enqueue: async (request) => (await client.enqueue({ ...request, origin: 'tui' })).command,
    cancel: (id) => client.cancel(id, 'tui'),
    acknowledge: (id) => settleNotification(client, id, 'read'),
    dismiss: (id) => settleNotification(client, id, 'dismissed'),
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

import type { Role } from '@hq/shared/actions';
import type { HqClient, Member } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { findHq } from './find-hq.ts';

export interface MemberConnection {
  readonly client: HqClient;
  readonly member: Member & { readonly role: Role };
}

/** Finds the HQ, signs in if needed and reads the member. Fails with `refused` for a user who is no member. */
export async function connectMember(env: NodeJS.ProcessEnv): Promise<MemberConnection> {
  const { connect, credentials } = await findHq(env);
  const client = await connect();
  if (credentials !== null) await client.signIn(credentials.email, credentials.password);
  else if (!(await client.hasSession())) {
    throw new HqError('unauthenticated', `Nobody is signed in to ${client.host}.`, {
      hint: 'Sign in with `hq-tui login`, or set HQ_EMAIL and HQ_PASSWORD.',
    });
  }
  return { client, member: await readMember(client) };
}

export async function readMember(client: HqClient): Promise<MemberConnection['member']> {
  const [member, people] = await Promise.all([client.whoami(), client.people()]);
  if (member.role === null) {
    throw new HqError('refused', `${member.email ?? 'This user'} is no member of this HQ.`, {
      hint: 'Ask an admin to add you.',
    });
  }
  return { ...member, role: member.role, people };
}

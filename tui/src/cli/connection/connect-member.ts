import type { HqClient } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { readMember, type SignedInMember } from '../../session/read-member.ts';
import { findHq, type SignedInBy } from './find-hq.ts';

export interface MemberConnection {
  readonly client: HqClient;
  readonly member: SignedInMember;
  readonly signedInBy: SignedInBy;
}

/** Finds the HQ, signs in if needed and reads the member. Fails with `refused` for a user who is no member. */
export async function connectMember(env: NodeJS.ProcessEnv): Promise<MemberConnection> {
  const { connect, credentials, signedInBy } = await findHq(env);
  const client = await connect();
  if (credentials !== null) await client.signIn(credentials.email, credentials.password);
  else if (!(await client.hasSession())) {
    throw new HqError('unauthenticated', `Nobody is signed in to ${client.host}.`, {
      hint: 'Sign in with `hq-tui login`, or set HQ_EMAIL and HQ_PASSWORD.',
    });
  }
  return { client, member: await readMember(client), signedInBy };
}

import { z } from 'zod';

const bindings = z.array(
  z.looseObject({
    agentId: z.string(),
    match: z.looseObject({ channel: z.string(), accountId: z.string().nullish() }),
  }),
);

/** Returns the agent to which OpenClaw's configuration sends the messages of a channel's account. */
export function boundAgent(config: unknown, channel: string, account: string): string | null {
  const parsed = z.looseObject({ bindings: bindings.catch([]) }).safeParse(config);
  const candidates = parsed.success
    ? parsed.data.bindings.filter(({ match }) => match.channel === channel)
    : [];
  const exact = candidates.find(({ match }) => match.accountId === account);
  const any = candidates.find(({ match }) => match.accountId == null || match.accountId === '*');
  return (exact ?? any)?.agentId ?? null;
}

import { HqError } from '@hq/shared/errors';
import { sleep } from '@hq/shared/program';
import type { OnProgress } from '../agents/agents-api.ts';
import type { Comparison } from '../agents/compare-agents.ts';
import type { ListedAgent } from '../agents/listed-agent.ts';
import type { Handler, HandlerContext, Handlers } from '../handler.ts';

/** Milliseconds until work is tried again that the gateway did not answer. */
const againMs = 1_000;

/** Handlers of the actions that change agents: the row says what is wanted, and the comparison with the gateway does it. */
export const agentHandlers = {
  provision: async (_payload, context) => {
    const startedAt = performance.now();
    const { agent } = await bring(context);
    return { agent: agent.slug, branch: agent.branch, tookMs: Math.round(performance.now() - startedAt) };
  },
  update: async (_payload, context) => {
    const { agent, compared } = await bring(context, { isRenewed: true });
    return { agent: agent.slug, changed: compared.applied.includes(agent.slug) };
  },
  update_all: async (_payload, context) => {
    const { agents, applied, unexpected, problems } = await compare(context);
    const [first] = problems;
    if (first !== undefined) {
      const others = problems.size === 1 ? '' : ` The same holds for ${problems.size - 1} more.`;
      throw new HqError('failed', `${first[0]} is not up to date: ${first[1]}${others}`);
    }
    return {
      changed: [...applied],
      unchanged: agents.filter(({ slug }) => !applied.includes(slug)).length,
      unexpected: [...unexpected],
    };
  },
  set_agent_model: async (_payload, context) => {
    const { agent } = await bring(context);
    return { agent: agent.slug, model: agent.model, thinking: agent.thinking };
  },
  remove: async (_payload, context) => {
    const { agents, agentId, signal } = context;
    const slug = slugOf(context);
    const removed = await whenReady(context, () =>
      agents.remove({ id: agentId, slug }, onProgress(context), signal),
    );
    return { agent: slug, archived: removed.archived };
  },
  restart_session: async ({ session }, context) => {
    const slug = slugOf(context);
    const { sessionKey } = await context.agents.resetSession(slug, session, context.signal);
    return { agent: slug, session: sessionKey };
  },
  approve_pairing: async ({ pairing_code: code, channel }, { agents, signal }) => {
    const { sender, account } = await agents.approvePairing({ channel, code }, signal);
    return { sender, account, channel };
  },
} satisfies { readonly [Name in keyof Handlers]?: Handler<Name> };

/** Returns the slug of the command's agent. */
export function slugOf({ agentSlug }: HandlerContext): string {
  if (agentSlug !== null) return agentSlug;
  throw new HqError('usage', 'The command names no agent.', { hint: 'Name the agent by its slug.' });
}

async function bring(
  context: HandlerContext,
  { isRenewed = false } = {},
): Promise<{ agent: ListedAgent; compared: Comparison }> {
  const slug = slugOf(context);
  const compared = await compare(context, isRenewed ? slug : undefined);
  const problem = compared.problems.get(slug);
  if (problem !== undefined) {
    throw new HqError('failed', `${slug} is not as it has to be: ${problem}`, {
      hint: 'Repair that and run update, or provision it again with other values; remove takes it away.',
    });
  }
  const agent = compared.agents.find((one) => one.slug === slug);
  if (agent !== undefined) return { agent, compared };
  throw new HqError('not_found', `The gateway has no agent ${slug}.`, {
    hint: 'It was removed, or is about to be.',
  });
}

const compare = (context: HandlerContext, renew?: string): Promise<Comparison> =>
  whenReady(context, () =>
    context.agents.sync({ signal: context.signal, onProgress: onProgress(context), renew }),
  );

/** Runs work that is safe to repeat, again where OpenClaw restarts meanwhile, until the command's time is over. */
async function whenReady<Result>(context: HandlerContext, work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    await untilReady(context);
    try {
      return await work();
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof HqError) || error.code !== 'unreachable') throw error;
      context.output.line(error.message, 'stderr');
      await sleep(againMs, context.signal);
    }
  }
}

async function untilReady({ agents, output, progress, signal }: HandlerContext): Promise<void> {
  await agents.untilReady((sentence) => {
    progress(null, sentence);
    output.line(sentence);
  }, signal);
}

function onProgress({ output, progress }: HandlerContext): OnProgress {
  return ({ progress: sentence, percent }) => {
    progress(percent === undefined ? null : Math.round(percent), sentence);
    output.line(sentence);
  };
}

import { connect, type HqClient } from '@hq/shared/client';
import type { Variables } from '@hq/shared/environment';
import { HqError } from '@hq/shared/errors';
import { plain, type Redactor } from '@hq/shared/text';
import type { Finding, PlatformModule } from '../contract/adapter.ts';
import { toSentence } from '../core/cards/to-sentence.ts';
import { failed, passed } from '../platforms/finding.ts';
import { agentTokenConflict, readAgentTokens } from './agent-token-check.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { assertBotAccount } from './sign-in.ts';

const exitCodes = { well: 0, wrong: 1, usage: 2 } as const;

/** Prints a finding for each token and for the HQ account; returns the exit code. */
export async function checkAll(
  variables: Variables,
  modules: readonly PlatformModule[],
  redactor: Pick<Redactor, 'text'>,
): Promise<number> {
  /** The gateways whose agents use a token, by its fingerprint; empty if HQ does not answer. */
  let tokens: ReadonlyMap<string, string> = new Map();
  const account = await findingsOf(async () => {
    const checked = await checkAccount(readEnvironment(variables));
    tokens = checked.tokens;
    return [checked.finding];
  });
  const all: (readonly [about: string, finding: Finding])[] = [];
  let isConfigured = false;
  for (const module of modules) {
    const findings = await findingsOf(() => checkPlatform(module, variables, tokens));
    isConfigured ||= findings.length > 0;
    if (findings.length === 0) findings.push(passed('not configured.'));
    all.push(...findings.map((finding) => [module.platform, finding] as const));
  }
  all.push(...account.map((finding) => ['HQ', finding] as const));
  if (!isConfigured)
    all.push(['hq-bots', failed('No chat platform is configured.', 'Set the token of one.')]);
  for (const [about, { ok, sentence, hint }] of all) {
    const text = redactor.text(plain(`${about}: ${sentence}${ok || hint === undefined ? '' : ` ${hint}`}`));
    process.stdout.write(`${ok ? 'ok   ' : 'WRONG'} ${text}\n`);
  }
  if (!isConfigured) return exitCodes.usage;
  return all.every(([, { ok }]) => ok) ? exitCodes.well : exitCodes.wrong;
}

/** The findings, or the error as one. */
async function findingsOf(check: () => Promise<readonly Finding[]>): Promise<Finding[]> {
  try {
    return [...(await check())];
  } catch (error) {
    if (error instanceof HqError) return [failed(toSentence(error.message), error.hint)];
    return [failed(error instanceof Error ? error.message : 'It failed without saying why.')];
  }
}

/** No finding for a platform that is not configured. */
async function checkPlatform(
  module: PlatformModule,
  variables: Variables,
  tokens: ReadonlyMap<string, string>,
): Promise<readonly Finding[]> {
  const configured = module.configure(variables);
  if (configured === null) return [];
  const refusal = agentTokenConflict(configured.fingerprints, tokens);
  return [...(await configured.check()), ...(refusal === null ? [] : [failed(refusal)])];
}

async function checkAccount(env: Environment) {
  const client: HqClient = connect({ url: env.SUPABASE_URL, anonKey: env.SUPABASE_ANON_KEY });
  try {
    await client.signIn(env.HQ_BOT_EMAIL, env.HQ_BOT_PASSWORD);
    const { email, role, tenant_name } = await client.whoami();
    if (role === null) {
      const hint = `hq-db member ${env.HQ_BOT_EMAIL} viewer --bot makes it a bot.`;
      throw new HqError('refused', `${email ?? 'The account'} is a member of nothing.`, { hint });
    }
    await assertBotAccount(client);
    const finding = passed(`${email ?? 'the account'} is a chat bot of ${tenant_name ?? 'HQ'}.`);
    return { finding, tokens: await readAgentTokens(client) };
  } finally {
    await client.close();
  }
}

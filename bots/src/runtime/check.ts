import { connect } from '@hq/shared/client';
import { HqError } from '@hq/shared/errors';
import { plain, type Redactor } from '@hq/shared/text';
import type { Finding, PlatformModule } from '../contract/adapter.ts';
import { toSentence } from '../core/cards/to-sentence.ts';
import { agentTokenConflict, readAgentTokens } from './agent-token-check.ts';
import { readEnvironment } from './environment.ts';
import { assertBotAccount } from './sign-in.ts';

const exitCodes = { well: 0, wrong: 1, usage: 2 } as const;

/** Prints a finding for each token and for the HQ account; returns the exit code. */
export async function checkAll(
  variables: Readonly<Record<string, string | undefined>>,
  modules: readonly PlatformModule[],
  redactor: Pick<Redactor, 'text'>,
): Promise<number> {
  const say = (finding: Finding, about: string): void => {
    const hint = finding.ok || finding.hint === undefined ? '' : ` ${finding.hint}`;
    const text = redactor.text(plain(`${about}: ${finding.sentence}${hint}`));
    process.stdout.write(`${finding.ok ? 'ok   ' : 'WRONG'} ${text}\n`);
  };
  const { account, tokens } = await checkAccount(variables);
  let isWell = true;
  let isConfigured = false;
  for (const module of modules) {
    const findings = await findingsOf(module, variables, tokens);
    if (findings === null) {
      say({ ok: true, sentence: 'not configured.' }, module.platform);
      continue;
    }
    isConfigured = true;
    for (const finding of findings) {
      say(finding, module.platform);
      isWell &&= finding.ok;
    }
  }
  say(account, 'HQ');
  if (!isConfigured) {
    say({ ok: false, sentence: 'No chat platform is configured.', hint: 'Set the token of one.' }, 'hq-bots');
    return exitCodes.usage;
  }
  return isWell && account.ok ? exitCodes.well : exitCodes.wrong;
}

async function findingsOf(
  module: PlatformModule,
  variables: Readonly<Record<string, string | undefined>>,
  tokens: ReadonlyMap<string, string>,
): Promise<readonly Finding[] | null> {
  try {
    const configured = module.configure(variables);
    if (configured === null) return null;
    const refusal = agentTokenConflict(configured.fingerprints, tokens);
    return [...(await configured.check()), ...(refusal === null ? [] : [{ ok: false, sentence: refusal }])];
  } catch (error) {
    return [findingOf(error)];
  }
}

interface CheckedAccount {
  readonly account: Finding;
  /** The gateways whose agents use a token, by its fingerprint; empty if HQ did not answer. */
  readonly tokens: ReadonlyMap<string, string>;
}

async function checkAccount(
  variables: Readonly<Record<string, string | undefined>>,
): Promise<CheckedAccount> {
  const tokens: ReadonlyMap<string, string> = new Map();
  try {
    const env = readEnvironment(variables);
    const client = connect({ url: env.SUPABASE_URL, anonKey: env.SUPABASE_ANON_KEY });
    try {
      await client.signIn(env.HQ_BOT_EMAIL, env.HQ_BOT_PASSWORD);
      const { email, role, tenant_name } = await client.whoami();
      if (role === null) {
        const text = `${email ?? 'The account'} is a member of nothing.`;
        const hint = `hq-db member ${env.HQ_BOT_EMAIL} viewer --bot makes it a bot.`;
        return { account: { ok: false, sentence: text, hint }, tokens };
      }
      await assertBotAccount(client);
      const text = `${email ?? 'the account'} is a chat bot of ${tenant_name ?? 'HQ'}.`;
      return { account: { ok: true, sentence: text }, tokens: await readAgentTokens(client) };
    } finally {
      await client.close();
    }
  } catch (error) {
    return { account: findingOf(error), tokens };
  }
}

function findingOf(error: unknown): Finding {
  if (!(error instanceof HqError)) {
    return { ok: false, sentence: error instanceof Error ? error.message : 'It failed without saying why.' };
  }
  return {
    ok: false,
    sentence: toSentence(error.message),
    ...(error.hint !== undefined && { hint: error.hint }),
  };
}

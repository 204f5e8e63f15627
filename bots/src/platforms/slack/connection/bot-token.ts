import { sleep } from '@hq/shared/program';
import type { webApi } from '@slack/bolt';
import type { Logger } from 'pino';
import { isRevoked, slackErrorCode, toProblem } from '../errors.ts';
import type { Identity } from '../inbound/sender.ts';

export const newTokenHint = 'Create a new token in the settings of the app and start hq-bots with it.';
const retryMs = 5000;
/** A refused token becomes valid again if someone reinstalls the app. */
const retryRefusedMs = 60_000;

/** The identity that belongs to the bot token, and the state of the token. */
export class BotToken {
  readonly #client: webApi.WebClient;
  readonly #log: Logger;
  #identity: Identity | undefined;
  #refusal: string | null = null;
  #problem: string | null = null;

  constructor(client: webApi.WebClient, log: Logger) {
    this.#client = client;
    this.#log = log;
  }

  get identity(): Identity | undefined {
    return this.#identity;
  }

  /** The reason if Slack does not accept the token. */
  get refusal(): string | null {
    return this.#refusal;
  }

  /** The reason if Slack has not answered yet. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Asks Slack for the identity of the token; false if it is still unknown. */
  async identify(): Promise<boolean> {
    try {
      const { team_id, user_id, bot_id } = await this.#client.auth.test();
      if (team_id === undefined || user_id === undefined) {
        this.#problem = 'Slack does not return the workspace of the bot token.';
        return false;
      }
      this.#identity = { team: team_id, botUser: user_id, botId: bot_id, appId: this.#identity?.appId };
      this.#refusal = null;
      this.#problem = null;
      return true;
    } catch (error) {
      if (isRevoked(error)) {
        this.#refusal = `Slack does not accept the bot token (${slackErrorCode(error)}).`;
        return false;
      }
      const problem = toProblem(error);
      this.#problem = 'reason' in problem ? problem.reason : 'Slack limits the rate of requests.';
      return false;
    }
  }

  /** Retries until the identity is known or the signal aborts. */
  async keepIdentifying(signal: AbortSignal): Promise<void> {
    do {
      await sleep(this.#refusal === null ? retryMs : retryRefusedMs, signal);
    } while (!signal.aborted && !(await this.identify()));
  }

  /** Records the app that the connection belongs to. */
  setApp(appId: string | undefined): void {
    if (this.#identity !== undefined) this.#identity = { ...this.#identity, appId };
  }

  /** Records that Slack no longer accepts the token, and keeps checking. */
  revoke(reason: string, signal: AbortSignal): void {
    if (this.#refusal !== null || signal.aborted) return;
    this.#refusal = reason;
    this.#log.error(reason);
    void this.keepIdentifying(signal);
  }
}

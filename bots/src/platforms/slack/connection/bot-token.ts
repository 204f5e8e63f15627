import type { webApi } from '@slack/bolt';
import type { Logger } from 'pino';
import { sleep } from '../abort-signals.ts';
import { isDeadToken, problemOf, slackError } from '../errors.ts';
import type { Identity } from '../inbound/sender.ts';

export const newTokenHint = "Make a new token in the app's settings and start hq-bots with it.";
const againMs = 5000;
/** Nothing but another token helps, save that somebody puts the app back. */
const againWhenRefusedMs = 60_000;

/** Who we are by the bot token, and whether Slack accepts it. */
export class BotToken {
  readonly #client: webApi.WebClient;
  readonly #log: Logger;
  #identity: Identity | undefined;
  #refusal: string | null = null;
  #trouble: string | null = null;

  constructor(client: webApi.WebClient, log: Logger) {
    this.#client = client;
    this.#log = log;
  }

  get identity(): Identity | undefined {
    return this.#identity;
  }

  /** Why Slack does not accept it. */
  get refusal(): string | null {
    return this.#refusal;
  }

  /** Why Slack has not said yet whose it is. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Asks Slack who we are; whether it has said so. */
  async ask(): Promise<boolean> {
    try {
      const us = await this.#client.auth.test();
      if (us.team_id === undefined || us.user_id === undefined) {
        this.#trouble = 'Slack does not say which workspace the bot token belongs to.';
        return false;
      }
      this.#identity = {
        team: us.team_id,
        botUser: us.user_id,
        botId: us.bot_id,
        appId: this.#identity?.appId,
      };
      this.#refusal = null;
      this.#trouble = null;
      return true;
    } catch (error) {
      if (isDeadToken(error)) {
        this.#refusal = `Slack does not accept the bot token (${slackError(error)}).`;
        return false;
      }
      const problem = problemOf(error);
      this.#trouble = 'reason' in problem ? problem.reason : 'Slack asks to wait.';
      return false;
    }
  }

  /** Asks until Slack says who we are, or the signal comes. */
  async askOn(signal: AbortSignal): Promise<void> {
    do {
      await sleep(this.#refusal === null ? againMs : againWhenRefusedMs, signal);
    } while (!signal.aborted && !(await this.ask()));
  }

  /** The app that the connection belongs to. */
  belongsTo(appId: string | undefined): void {
    if (this.#identity !== undefined) this.#identity = { ...this.#identity, appId };
  }

  /** Slack does not accept it any more, until somebody puts the app back. */
  died(reason: string, signal: AbortSignal): void {
    if (this.#refusal !== null || signal.aborted) return;
    this.#refusal = reason;
    this.#log.error(reason);
    void this.askOn(signal);
  }
}

import { setTimeout as pause } from 'node:timers/promises';
import type { ServerState } from './bot-api.ts';

/** Brings updates to the webhook, in order, and each again until it is taken. */
export async function sendToWebhook(house: ServerState, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const [first] = house.updates.unconfirmed;
    const { webhook } = house;
    if (first === undefined || webhook === undefined) {
      await pause(5);
      continue;
    }
    try {
      const answer = await fetch(webhook.url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(webhook.secretToken === undefined
            ? {}
            : { 'x-telegram-bot-api-secret-token': webhook.secretToken }),
        },
        body: JSON.stringify(first),
        signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
      });
      await answer.arrayBuffer();
      if (answer.ok) {
        house.updates.confirm(first.update_id + 1);
        continue;
      }
      webhook.lastError = `Wrong response from the webhook: ${answer.status}`;
    } catch (error) {
      if (signal.aborted) return;
      webhook.lastError = `Connection refused: ${String(error)}`;
    }
    await pause(50);
  }
}

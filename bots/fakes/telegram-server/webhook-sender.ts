import { setTimeout as delay } from 'node:timers/promises';
import type { ServerState } from './bot-api.ts';

/** Sends updates to the webhook in order, and retries each until it is accepted. */
export async function sendToWebhook(server: ServerState, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const [first] = server.updates.unconfirmed;
    const { webhook } = server;
    if (first === undefined || webhook === undefined) {
      await delay(5);
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
        server.updates.confirm(first.update_id + 1);
        continue;
      }
      webhook.lastError = `Wrong response from the webhook: ${answer.status}`;
    } catch (error) {
      if (signal.aborted) return;
      webhook.lastError = `Connection refused: ${String(error)}`;
    }
    await delay(50);
  }
}

import type { Intent } from '../api/chat-api.ts';

/** A button of an alert message. */
export interface AlertButtonOffer {
  readonly label: string;
  readonly intent: Intent;
}

export function offerButton(
  label: string,
  command: string,
  values: Readonly<Record<string, string>>,
): AlertButtonOffer {
  return { label, intent: { command, values } };
}

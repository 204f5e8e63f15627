import { z } from 'zod';
import type { Sender } from '../../../contract/inbound.ts';
import { fieldAction, readOrigin } from '../render/forms.ts';
import { app, type InboundDelivery, person, team, text } from './inbound.ts';
import { type Identity, senderOf } from './sender.ts';

const chosen = z.looseObject({
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
});
const values = z.record(z.string(), z.record(z.string(), chosen));
const view = z.object({
  id: z.string(),
  hash: text,
  team_id: text,
  app_installed_team_id: text,
  private_metadata: text,
  state: z.object({ values }).nullish(),
});

const submission = z.object({ ...app, team, user: person, view, trigger_id: text });

const suggestion = z.object({
  ...app,
  team,
  user: person,
  block_id: z.string(),
  value: z.string().default(''),
  view: view.optional(),
});

export function readSubmission(body: unknown, us: Identity): InboundDelivery | undefined {
  const parsed = submission.safeParse(body);
  if (!parsed.success) return undefined;
  const given = parsed.data;
  const origin = readOrigin(given.view.private_metadata);
  if (origin === undefined) return undefined;
  return {
    inbound: {
      ...inForm(given, us),
      channel: origin.channel,
      kind: origin.kind,
      thread: origin.thread,
      // One form is submitted once; a second submission after an error has another hash.
      deliveryId: `sl:${given.view.id}:${given.view.hash ?? ''}`,
      input: {
        kind: 'form',
        token: origin.token,
        values: fieldValues(given.view.state?.values),
        ...(origin.message === undefined ? {} : { message: origin.message }),
      },
      receivedAt: Date.now(),
    },
    responseUrl: undefined,
    triggerId: given.trigger_id,
    onEphemeral: false,
  };
}

export interface SuggestionRequest {
  readonly sender: Sender;
  readonly words: readonly string[];
  readonly argument: string;
  readonly typed: string;
  readonly options: Readonly<Record<string, string>>;
}

export function readSuggestion(body: unknown, us: Identity): SuggestionRequest | undefined {
  const parsed = suggestion.safeParse(body);
  if (!parsed.success) return undefined;
  const given = parsed.data;
  const origin = readOrigin(given.view?.private_metadata);
  const words = origin?.words[given.block_id];
  if (origin === undefined || words === undefined) return undefined;
  const { channel, kind, thread } = origin;
  const { [given.block_id]: _own, ...options } = fieldValues(given.view?.state?.values);
  return {
    sender: { ...inForm(given, us), channel, kind, thread },
    words,
    argument: given.block_id,
    typed: given.value.trim(),
    options,
  };
}

/** Who fills in a form; where it was asked for comes with the form. */
function inForm(given: z.infer<typeof submission> | z.infer<typeof suggestion>, us: Identity): Sender {
  return senderOf(us, {
    team: given.view?.app_installed_team_id ?? given.team?.id ?? given.view?.team_id ?? given.user.team_id,
    userTeam: given.user.team_id,
    appId: given.api_app_id,
    channel: '',
    thread: undefined,
    user: given.user.id,
    userName: given.user.name ?? given.user.username,
  });
}

function fieldValues(state: z.infer<typeof values> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(state ?? {}).flatMap(([name, actions]): [string, string][] => {
      const given = actions[fieldAction];
      const value = given?.selected_option?.value ?? given?.value;
      return value === undefined || value === null || value === '' ? [] : [[name, value]];
    }),
  );
}

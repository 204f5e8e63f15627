import { z } from 'zod';
import type { Sender } from '../../../contract/inbound.ts';
import { type FormOrigin, fieldAction, readOrigin } from '../render/forms.ts';
import { app, enterprise, enterpriseOf, type InboundDelivery, team, text, user } from './inbound.ts';
import { type Identity, toSender } from './sender.ts';

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

const submission = z.object({ ...app, team, enterprise, user, view, trigger_id: text });

const suggestion = z.object({
  ...app,
  team,
  enterprise,
  user,
  block_id: z.string(),
  value: z.string().default(''),
  view: view.optional(),
});

export function readSubmission(body: unknown, us: Identity): InboundDelivery | undefined {
  const { data } = submission.safeParse(body);
  const origin = data && readOrigin(data.view.private_metadata);
  if (!data || !origin) return undefined;
  const { view, trigger_id: triggerId } = data;
  return {
    inbound: {
      ...formSender(data, origin, us),
      // A second submission after an error has another hash.
      deliveryId: `sl:${view.id}:${view.hash ?? ''}`,
      input: {
        kind: 'form',
        token: origin.token,
        values: fieldValues(view.state?.values),
        ...(origin.message && { message: origin.message }),
      },
      receivedAt: Date.now(),
    },
    triggerId,
  };
}

interface SuggestionRequest {
  readonly sender: Sender;
  readonly words: readonly string[];
  readonly argument: string;
  readonly typed: string;
}

export function readSuggestion(body: unknown, us: Identity): SuggestionRequest | undefined {
  const { data } = suggestion.safeParse(body);
  const origin = data && readOrigin(data.view?.private_metadata);
  if (!data || !origin) return undefined;
  const { block_id: argument, value } = data;
  const sender = formSender(data, origin, us);
  return { sender, words: origin.words, argument, typed: value.trim() };
}

/** A modal belongs to no channel, so the location comes from its metadata. */
function formSender(
  data: z.infer<typeof submission> | z.infer<typeof suggestion>,
  { channel, kind, thread }: FormOrigin,
  us: Identity,
): Sender {
  const { view, user, team, api_app_id } = data;
  const sender = toSender(us, {
    team: view?.app_installed_team_id ?? team?.id ?? view?.team_id ?? user.team_id,
    userTeam: user.team_id,
    enterprise: enterpriseOf(data),
    appId: api_app_id,
    channel,
    user: user.id,
  });
  return { ...sender, kind, thread };
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

import {
  type Action,
  type ActionName,
  catalogue,
  isActionName,
  payloadFields,
  readPayload,
} from '@hq/shared/actions';
import type { NeedRow } from '@hq/shared/rows';

/** One thing that a person may decide about a need. */
export interface NeedAnswer {
  readonly label: string;
  readonly action: ActionName;
  readonly payload: Readonly<Record<string, string>>;
  /** Slugs of what the action is about. */
  readonly agent: string | null;
  readonly gateway: string | null;
  readonly isAllowed: boolean;
  /** The field of the payload that has to be written first, with its label. */
  readonly asks: { readonly field: string; readonly label: string } | null;
}

type Decidable = Pick<NeedRow, 'kind' | 'choices' | 'free_text' | 'actions'>;
type Offered = NeedRow['actions'][number];

/** Returns what may be decided about a need: its choices, or the actions that settle it. */
export function answersTo(need: Decidable): readonly NeedAnswer[] {
  return need.actions.flatMap((offered) => {
    if (!isActionName(offered.action)) return [];
    if (offered.action === 'allow_host') return [{ ...answerOf(offered, offered.action), label: 'allow' }];
    return offered.action === 'answer_question'
      ? answersToQuestion(need, offered)
      : [answerOf(offered, offered.action)];
  });
}

function answersToQuestion({ kind, choices, free_text }: Decidable, offered: Offered): NeedAnswer[] {
  const base = answerOf(offered, 'answer_question');
  // Allowing a host is the action before.
  const chosen = choices.filter((choice) => kind !== 'allow_host' || choice !== 'allow');
  return [
    ...chosen.map((choice) => ({
      ...base,
      label: choice,
      payload: { ...base.payload, answer: choice },
      asks: null,
    })),
    ...(free_text ? [{ ...base, label: choices.length === 0 ? 'Answer' : 'Another answer' }] : []),
  ];
}

function answerOf({ title, payload, agent, gateway, allowed }: Offered, name: ActionName): NeedAnswer {
  const given = Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, String(value)]));
  const missing = payloadFields(actionOf(name)).find(
    (field) => field.isRequired && given[field.name] === undefined,
  );
  return {
    label: title,
    action: name,
    payload: given,
    agent,
    gateway,
    isAllowed: allowed,
    asks: missing === undefined ? null : { field: missing.name, label: missing.label },
  };
}

/** Returns the payload with the text that was asked for. An `HqError` names the field at fault. */
export function payloadOf({ action, payload, asks }: NeedAnswer, text: string): Record<string, unknown> {
  return readPayload(action, actionOf(action), asks === null ? payload : { ...payload, [asks.field]: text });
}

const actionOf = (name: ActionName): Action => catalogue[name];

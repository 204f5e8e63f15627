import type { NeedRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { memberName } from '../columns/member-name.ts';
import type { Session } from '../session/session.ts';
import { type ActionContext, attempt } from './action-context.ts';
import type { CommandActions } from './command-actions.tsx';
import { type NeedAnswer, payloadOf } from './need-answers.ts';

export interface NeedActions {
  /** Starts the action of an answer; asks first where that is due. */
  readonly decide: (answer: NeedAnswer, text: string) => void;
  /** Says who settled a need while it was open here. */
  readonly tellOutcome: (need: Pick<NeedRow, 'kind' | 'id'>) => void;
}

export function createNeedActions(
  session: Session,
  context: ActionContext,
  commands: CommandActions,
): NeedActions {
  const { messages } = context;
  return {
    decide(answer, text) {
      void attempt(context, () => {
        const { action, agent, gateway: slug } = answer;
        const gateway = session.gateways.getSnapshot().rows.find((row) => row.slug === slug) ?? null;
        const payload = payloadOf(answer, text);
        commands.start({ action, payload, gateway, ...(agent === null ? {} : { agent }) });
        return Promise.resolve();
      });
    },
    tellOutcome({ kind, id }) {
      if (kind !== 'question' && kind !== 'allow_host') {
        messages.say('This is settled.');
        return;
      }
      void attempt(context, async () => {
        const question = await session.question(id);
        if (question?.status === 'answered') {
          const who = memberName(question.answered_by, session.member);
          messages.say(`Answered by ${who}: ${plain(question.answer ?? '')}`);
        } else messages.say('Nobody answered this question in time.');
      });
    },
  };
}

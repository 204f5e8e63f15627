import { z } from 'zod';
import { type AlertButtonOffer, offerButton as offer } from './alert-button-offer.ts';
import type { AlertRow } from './alert-row.ts';

const question = z.object({ choices: z.array(z.string()), free_text: z.boolean() });

/** The buttons that answer a question of an agent: its choices, and a form for another text where the agent allows one. */
export function questionOffers({ type, entity_id: id, meta }: AlertRow): AlertButtonOffer[] {
  const { data } = question.safeParse(meta);
  if (type !== 'agent_question' || id === null || data === undefined) return [];
  return [
    ...data.choices.map((answer) =>
      meta.question_kind === 'allow_host' && answer === 'allow'
        ? offer('Allow', 'next', { run: 'allow_host', question: id })
        : offer(answer, 'answer_choice', { question: id, answer }),
    ),
    ...(data.free_text
      ? [
          offer(data.choices.length === 0 ? 'Answer' : 'Another answer', 'next', {
            run: 'answer_question',
            question: id,
          }),
        ]
      : []),
  ];
}

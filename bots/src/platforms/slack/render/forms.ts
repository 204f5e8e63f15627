import type { types } from '@slack/bolt';
import { z } from 'zod';
import type { Handle } from '../../../contract/card.ts';
import type { Choice } from '../../../contract/choice.ts';
import type { Form, FormField } from '../../../contract/form.ts';
import type { ChatLocation } from '../../../contract/inbound.ts';
import { line } from './markup.ts';
import { plainText } from './render.ts';

export const formCallback = 'hq_form';
export const fieldAction = 'hq_field';

const maxInput = 3000;
const maxValue = 150;

/** Travels with the form, because Slack's modals belong to no channel. */
const origin = z.object({
  token: z.string(),
  channel: z.string(),
  kind: z.enum(['direct', 'group']),
  thread: z.string().nullable(),
  /** The message with the button that opened the form. */
  message: z.record(z.string(), z.string()).optional(),
  words: z.array(z.string()),
});
export type FormOrigin = z.infer<typeof origin>;

export function formView(
  form: Form,
  location: Pick<ChatLocation, 'channel' | 'kind' | 'thread'>,
  message: Handle | null = null,
): types.ModalView {
  const { channel, kind, thread } = location;
  const { token, words } = form;
  const kept: FormOrigin = { token, channel, kind, thread, ...(message && { message }), words: [...words] };
  return {
    type: 'modal',
    callback_id: formCallback,
    private_metadata: JSON.stringify(kept),
    title: plainText(line(form.title, 24) || 'HQ'),
    submit: plainText(line(form.submit, 24) || 'Submit'),
    close: plainText('Cancel'),
    blocks: form.fields.map(inputBlock),
  };
}

export function readOrigin(metadata: string | undefined): FormOrigin | undefined {
  try {
    return origin.safeParse(JSON.parse(metadata ?? '')).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function inputBlock(field: FormField): types.InputBlock {
  const hint = line(field.hint ?? '', 300);
  return {
    type: 'input',
    block_id: field.name,
    label: plainText(line(field.label, 150) || field.name),
    ...(hint !== '' && { hint: plainText(hint) }),
    optional: !field.required,
    element: inputElement(field),
  };
}

function inputElement(field: FormField): types.InputBlock['element'] {
  const choices = (field.choices ?? []).flatMap(toOption);
  if (field.completes === true) {
    return {
      type: 'external_select',
      action_id: fieldAction,
      min_query_length: 0,
      ...initialOption(toOption({ label: field.value ?? '', value: field.value ?? '' })),
    };
  }
  if (field.kind === 'choice' && choices.length > 0) {
    return {
      type: 'static_select',
      action_id: fieldAction,
      options: choices,
      ...initialOption(choices.filter(({ value }) => value === field.value)),
    };
  }
  const maxLength = Math.min(field.maxLength ?? maxInput, maxInput);
  return {
    type: 'plain_text_input',
    action_id: fieldAction,
    multiline: field.kind === 'paragraph',
    max_length: maxLength,
    ...(field.value !== undefined && { initial_value: field.value.slice(0, maxLength) }),
  };
}

function initialOption([option]: readonly types.PlainTextOption[]) {
  return option === undefined ? {} : { initial_option: option };
}

/** Returns no option for a value that Slack cannot carry: a truncated value would be another one. */
export function toOption(choice: Choice): types.PlainTextOption[] {
  if (choice.value === '' || choice.value.length > maxValue) return [];
  return [{ text: plainText(line(choice.label, 75) || line(choice.value, 75) || '–'), value: choice.value }];
}

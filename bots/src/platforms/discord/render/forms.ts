import { chatLine, truncate } from '@hq/shared/text';
import {
  type APIModalInteractionResponseCallbackData,
  ComponentType,
  TextInputStyle,
} from 'discord-api-types/v10';
import type { Form, FormField } from '../../../contract/form.ts';

const limits = { title: 45, label: 45, description: 100, value: 4000, fields: 5, choices: 25, choice: 100 };

type Label = APIModalInteractionResponseCallbackData['components'][number];

/** Renders a form as a modal, in which Discord interprets no markup. */
export function renderForm({ token, title, fields }: Form): APIModalInteractionResponseCallbackData {
  return {
    custom_id: token,
    title: truncate(chatLine(title), limits.title) || '—',
    components: fields.slice(0, limits.fields).map(renderField),
  };
}

function renderField(field: FormField): Label {
  const hint = truncate(chatLine(field.hint ?? ''), limits.description);
  return {
    type: ComponentType.Label,
    label: truncate(chatLine(field.label), limits.label) || field.name,
    ...(hint !== '' && { description: hint }),
    component:
      field.kind === 'choice' && field.choices?.length ? select(field, field.choices) : textInput(field),
  };
}

type Input = Extract<Label, { type: ComponentType.Label }>['component'];

function select(field: FormField, choices: NonNullable<FormField['choices']>): Input {
  return {
    type: ComponentType.StringSelect,
    custom_id: field.name,
    required: field.required,
    min_values: field.required ? 1 : 0,
    max_values: 1,
    options: choices.slice(0, limits.choices).map(({ label, value }) => ({
      label: truncate(chatLine(label), limits.choice) || '—',
      value,
      ...(value === field.value && { default: true }),
    })),
  };
}

function textInput(field: FormField): Input {
  const maxLength = Math.min(field.maxLength ?? limits.value, limits.value);
  return {
    type: ComponentType.TextInput,
    custom_id: field.name,
    style: field.kind === 'paragraph' ? TextInputStyle.Paragraph : TextInputStyle.Short,
    required: field.required,
    max_length: maxLength,
    ...(field.value !== undefined && { value: field.value.slice(0, maxLength) }),
  };
}

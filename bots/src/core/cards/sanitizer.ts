import { chatLine, chatLines, plain, plainLines, type Redactor, truncate } from '@hq/shared/text';
import type { TextFile } from '../../contract/adapter.ts';
import type { Card, TextNode } from '../../contract/card.ts';
import type { Choice } from '../../contract/choice.ts';
import type { Form, FormErrors } from '../../contract/form.ts';

/** UTF-16 units of titles and labels, below every platform's own limit. */
const maxLine = 240;
const maxBody = 100_000;

export type Sanitizer = ReturnType<typeof createSanitizer>;

/**
 * Removes secrets, direction and escape characters, and invisible ones that no writing needs, from everything that leaves
 * for a platform: cards, files, forms and choices.
 */
export function createSanitizer(redactor: Pick<Redactor, 'text'>) {
  /** `bare` has no invisible characters, which would hide a secret from the redactor. */
  const redacted = (text: string, bare: string): string => {
    const found = redactor.text(bare);
    return found === bare && text !== bare ? redactor.text(text) : found;
  };
  const clean = (text: string): string => redacted(chatLine(text), plain(text));
  const line = (text: string, limit = maxLine): string => truncate(clean(text), limit);
  /** Keeps the last lines of a very long text. */
  const block = (text: string): string => {
    const whole = redacted(chatLines(text), plainLines(text));
    return whole.slice(whole.length <= maxBody ? 0 : whole.indexOf('\n', whole.length - maxBody) + 1);
  };
  /** Leaves out a value that would be another one without its secrets. */
  const choices = (all: readonly Choice[]): readonly Choice[] =>
    all.flatMap(({ label, value }) => (clean(value) === value ? [{ label: line(label), value }] : []));

  return {
    choices,
    file: ({ name, text, note }: TextFile): TextFile => ({ name, text: block(text), note: block(note) }),
    card: ({ title, tone, state, fields, body, buttons, stamp, footer, page, question }: Card): Card => ({
      title: line(title),
      tone,
      state: state && line(state),
      fields: fields?.map(({ label, value, wide }) => ({
        label: line(label, 60),
        value: truncate(block(value), 1000),
        ...(wide === true && { wide }),
      })),
      body: body?.map((node): TextNode => ({ ...node, text: block(node.text) })),
      buttons: buttons?.map((button) => ({ ...button, label: line(button.label, 60) })),
      stamp: stamp && line(stamp),
      footer: footer && line(footer),
      page,
      question: question && { placeholder: line(question.placeholder, 60) },
    }),
    errors: (errors: FormErrors): FormErrors =>
      Object.fromEntries(Object.entries(errors).map(([name, reason]) => [name, line(reason)])),
    form: (form: Form): Form => ({
      ...form,
      title: line(form.title),
      submit: line(form.submit),
      fields: form.fields.map(({ label, hint, value, choices: offered, ...field }) => ({
        ...field,
        label: line(label),
        ...(hint !== undefined && { hint: line(hint) }),
        ...(value !== undefined && { value: block(value) }),
        ...(offered !== undefined && { choices: choices(offered) }),
      })),
    }),
  };
}

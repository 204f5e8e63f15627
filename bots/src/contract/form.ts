import type { Choice } from './choice.ts';

/** A form for all missing values, on platforms that have forms. */
export interface Form {
  /** Comes back with the values: at most 40 characters of `A-Za-z0-9_:-`. */
  readonly token: string;
  readonly title: string;
  readonly submit: string;
  /** The command's path, for `complete`. */
  readonly words: readonly string[];
  /** At most five, because that is what the smallest form holds. */
  readonly fields: readonly FormField[];
}

/** The name of a field → the reason why its value is not accepted. */
export type FormErrors = Readonly<Record<string, string>>;

export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** `paragraph` is text of several lines. */
  readonly kind: 'text' | 'paragraph' | 'choice';
  readonly required: boolean;
  /** The content of the field when the form opens. */
  readonly value?: string;
  readonly maxLength?: number;
  /** For a `choice`, at most 25. */
  readonly choices?: readonly Choice[];
  /** The receiver's `complete` offers values. */
  readonly completes?: boolean;
}

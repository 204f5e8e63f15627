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

export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** `paragraph` is text of several lines. */
  readonly kind: 'text' | 'paragraph' | 'choice';
  readonly required: boolean;
  readonly maxLength?: number;
  /** For a `choice`, at most 25. */
  readonly choices?: readonly Choice[];
  /** The receiver's `complete` offers values. */
  readonly completes?: boolean;
}

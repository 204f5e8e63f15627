/** The message of an error and what to do next. */
export function toSentences({
  message,
  hint,
}: {
  readonly message: string;
  readonly hint?: string | undefined;
}): string {
  return [message, hint].flatMap((part) => (part === undefined ? [] : toSentence(part))).join(' ');
}

/** Makes a sentence of an error message: a capital and a full stop. */
export function toSentence(text: string): string {
  // Names of arguments and actions stay in lower case.
  const begun = /^[a-z]+((_[a-z]+)*:|(_[a-z]+)+ )/.test(text)
    ? text
    : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…:]$/u.test(begun) ? begun : `${begun}.`;
}

/** What an error says, as a sentence of its own. */
export function toSentence(text: string): string {
  // The name of an argument or of an action stays as it is typed.
  const begun = /^[a-z]+((_[a-z]+)*:|(_[a-z]+)+ )/.test(text)
    ? text
    : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…:]$/u.test(begun) ? begun : `${begun}.`;
}

/** The lines that hold a word, in any case; all of them where none is wanted. */
export function matchingLines(text: string, wanted: string | undefined): string[] {
  const word = wanted?.toLowerCase();
  return text.split('\n').filter((line) => word === undefined || line.toLowerCase().includes(word));
}

/** Returns the lines that contain a word in any case; all lines without a word. */
export function matchingLines(text: string, wanted: string | undefined): string[] {
  const word = wanted?.toLowerCase();
  return text.split('\n').filter((line) => word === undefined || line.toLowerCase().includes(word));
}

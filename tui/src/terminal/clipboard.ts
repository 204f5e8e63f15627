/** Terminals cut or refuse longer ones; base64 makes a third more of it. */
export const mostBytes = 74_994;

export interface Copy {
  readonly sequence: string;
  readonly bytes: number;
  /** True for a text that had to be cut to fit. */
  readonly cut: boolean;
}

/**
 * The sequence that puts a text on the clipboard of the terminal that looks at us, over any number of ssh hops (OSC 52).
 * tmux passes it on only when it is wrapped.
 */
export function copySequence(text: string, insideTmux: boolean): Copy {
  const whole = Buffer.from(text, 'utf8');
  let end = Math.min(whole.length, mostBytes);
  // Never in the middle of a character: a continuation byte starts with the bits 10.
  while (end > 0 && end < whole.length && ((whole[end] ?? 0) & 0xc0) === 0x80) end--;
  const sequence = `\u001b]52;c;${whole.subarray(0, end).toString('base64')}\u0007`;
  const wrapped = `\u001bPtmux;${sequence.replaceAll('\u001b', '\u001b\u001b')}\u001b\\`;
  return { sequence: insideTmux ? wrapped : sequence, bytes: end, cut: end < whole.length };
}

const esc = String.fromCharCode(0x1b);
const bell = String.fromCharCode(0x07);
const c1 = (code: number): string => String.fromCharCode(code);

/** OSC, DCS, APC, PM and SOS: all that is up to their end, or to the end of the text where they have none. */
const stringSequence = new RegExp(
  `(?:${esc}[\\]PX^_]|[${c1(0x90)}${c1(0x98)}${c1(0x9d)}${c1(0x9e)}${c1(0x9f)}])[^${bell}${esc}${c1(0x9c)}]*(?:${bell}|${esc}\\\\|${c1(0x9c)}|$)?`,
  'gu',
);
/** CSI (colours, cursor, modes), and the short escapes of two or three characters. */
const controlSequence = new RegExp(`(?:${esc}\\[|${c1(0x9b)})[0-?]*[ -/]*[@-~]?|${esc}[ -/]*[0-~]?`, 'gu');
/** Signs that are not drawn but move, join or hide what is: directions, joiners, zero widths, variations, tags. */
const unseen = /\p{Cf}|\p{Variation_Selector}|\p{Emoji_Modifier}|\u034f|\u20e3|[\u{e0000}-\u{e0fff}]/gu;
/** Signs that are drawn as nothing, in a width that terminals disagree on. */
const blank = /[\u115f\u1160\u2800\u3164\uffa0]/gu;
/** More than two marks on one character paint over the rows around it. */
const heapOfMarks = /(\p{M}{2})\p{M}+/gu;
const control = /\p{Cc}/gu;
const drawnForControl = '\ufffd';
const tabStop = 8;
/** Most lines of most logs: nothing to take. */
const ordinary = /^[ -~]*$/;

/**
 * Text from outside as one line for a cell or a sentence. What is left can neither move the cursor, nor hide, turn or
 * widen what is beside it: no escape sequences, controls, direction marks, zero-width signs, joined emoji.
 */
export function plain(text: string): string {
  return withoutTricks(text).replace(/\s+/gu, ' ').replace(control, drawnForControl).trim();
}

/** One line of output, as `plain` makes it, with its indentation and its tabs as spaces. */
export function plainLine(line: string): string {
  if (ordinary.test(line)) return line;
  // A program that draws its progress over and over means the last of it.
  const lastDrawn = line.replace(/[\r\n]+$/u, '').replace(/^.*\r/su, '');
  return expandTabs(withoutTricks(lastDrawn.replace(/[\n\v\f\u2028\u2029\u0085]/gu, ' '))).replace(
    control,
    drawnForControl,
  );
}

/** Several lines of output, each as `plainLine` makes it. */
export function plainLines(text: string): string {
  return text.split(/\r?\n/u).map(plainLine).join('\n');
}

function withoutTricks(text: string): string {
  return text
    .toWellFormed()
    .replace(stringSequence, '')
    .replace(controlSequence, '')
    .replace(unseen, '')
    .replace(blank, ' ')
    .replace(heapOfMarks, '$1');
}

/** Counts characters, not columns: behind a wide character a tab may be off, never the line. */
function expandTabs(line: string): string {
  if (!line.includes('\t')) return line;
  let expanded = '';
  for (const part of line.split(/(\t)/u)) {
    expanded += part === '\t' ? ' '.repeat(tabStop - (expanded.length % tabStop)) : part;
  }
  return expanded;
}

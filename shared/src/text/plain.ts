const esc = String.fromCharCode(0x1b);
const bell = String.fromCharCode(0x07);
const c1 = (code: number): string => String.fromCharCode(code);

/** OSC, DCS, APC, PM and SOS sequences up to their terminator, or to the end of the text without one. */
const stringSequence = new RegExp(
  `(?:${esc}[\\]PX^_]|[${c1(0x90)}${c1(0x98)}${c1(0x9d)}${c1(0x9e)}${c1(0x9f)}])[^${bell}${esc}${c1(0x9c)}]*(?:${bell}|${esc}\\\\|${c1(0x9c)}|$)?`,
  'gu',
);
/** CSI sequences (colours, cursor, modes) and short escapes of two or three characters. */
const controlSequence = new RegExp(`(?:${esc}\\[|${c1(0x9b)})[0-?]*[ -/]*[@-~]?|${esc}[ -/]*[0-~]?`, 'gu');
/** Invisible characters that move, join or hide others: directions, joiners, zero widths, variations, tags. */
const invisible = /\p{Cf}|\p{Variation_Selector}|\p{Emoji_Modifier}|\u034f|\u20e3|[\u{e0000}-\u{e0fff}]/gu;
/** Blank characters, in a width that terminals disagree on. */
const blank = /[\u115f\u1160\u2800\u3164\uffa0]/gu;
/** More than two marks on one character cover the rows above and below. */
const stackedMarks = /(\p{M}{2})\p{M}+/gu;
const control = /\p{Cc}/gu;
const replacement = '\ufffd';
const tabStop = 8;
/** Printable ASCII, as most lines of most logs, needs no work. */
const ordinary = /^[ -~]*$/;

/**
 * Sanitizes text from outside to one line for a cell or a sentence. The result cannot move the cursor, nor hide, reverse
 * or widen its neighbours: no escape sequences, controls, direction marks, zero-width characters or joined emoji.
 */
export function plain(text: string): string {
  return withoutControlSequences(text).replace(/\s+/gu, ' ').replace(control, replacement).trim();
}

/** Sanitizes one line of output like `plain`, but keeps its indentation, with tabs as spaces. */
export function plainLine(line: string): string {
  if (ordinary.test(line)) return line;
  // Of a progress bar that a program draws again and again, the last state counts.
  const lastState = line.replace(/[\r\n]+$/u, '').replace(/^.*\r/su, '');
  return expandTabs(withoutControlSequences(lastState.replace(/[\n\v\f\u2028\u2029\u0085]/gu, ' '))).replace(
    control,
    replacement,
  );
}

/** Sanitizes several lines of output. */
export function plainLines(text: string): string {
  return text.split(/\r?\n/u).map(plainLine).join('\n');
}

function withoutControlSequences(text: string): string {
  return text
    .toWellFormed()
    .replace(stringSequence, '')
    .replace(controlSequence, '')
    .replace(invisible, '')
    .replace(blank, ' ')
    .replace(stackedMarks, '$1');
}

/** Counts characters, not columns: after a wide character a tab stop may be off. */
function expandTabs(line: string): string {
  if (!line.includes('\t')) return line;
  let expanded = '';
  for (const part of line.split(/(\t)/u)) {
    expanded += part === '\t' ? ' '.repeat(tabStop - (expanded.length % tabStop)) : part;
  }
  return expanded;
}

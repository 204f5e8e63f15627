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
/** Scripts whose readers need the joiners: they tell apart words of Persian, and forms of letters of the Indic scripts. */
const joined = 'Arab Syrc Nkoo Mong Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Khmr Mymr'
  .split(' ')
  .map((script) => `\\p{scx=${script}}`)
  .join('');
/** Invisible characters at the places where writing needs them: one after a letter of such a script, or within an emoji. */
const written = [
  `(?<=[${joined}])[\\u200c\\u200d]`,
  '(?<=\\p{Extended_Pictographic}(?:\\ufe0f|\\p{Emoji_Modifier})?)\\u200d(?=\\p{Extended_Pictographic})',
  '(?<=\\p{Extended_Pictographic})[\\ufe0e\\ufe0f]',
  '(?<=\\p{Emoji_Modifier_Base}\\ufe0f?)\\p{Emoji_Modifier}',
  '(?<=[0-9#*])\\ufe0f(?=\\u20e3)',
  '(?<=[0-9#*]\\ufe0f?)\\u20e3',
];
const invisibleInChats = new RegExp(`(${written.join('|')})|${invisible.source}`, 'gu');
/** Blank characters, in a width that terminals disagree on. */
const blank = /[\u115f\u1160\u2800\u3164\uffa0]/gu;
/** More than two marks on one character cover the rows above and below. */
const stackedMarks = /(\p{M}{2})\p{M}+/gu;
/** Scripts such as Burmese write four marks on one letter. */
const stackedMarksInChats = /((?:\p{M}[\u200c\u200d]?){4})[\p{M}\u200c\u200d]+/gu;
const control = /\p{Cc}/gu;
const replacement = '\ufffd';
const tabStop = 8;
/** Printable ASCII, as most lines of most logs, needs no work. */
const ordinary = /^[ -~]*$/;

type Rule = (text: string) => string;
const forTerminals: Rule = (text) => text.replace(invisible, '').replace(stackedMarks, '$1');
const forChats: Rule = (text) => text.replace(invisibleInChats, '$1').replace(stackedMarksInChats, '$1');

/**
 * Sanitizes text from outside to one line for a cell or a sentence. The result cannot move the cursor, nor hide, reverse
 * or widen its neighbours: no escape sequences, controls, direction marks, zero-width characters or joined emoji.
 */
export const plain = (text: string): string => toLine(text, forTerminals);

/**
 * Sanitizes one line for a chat. It keeps what a phone shows and a terminal cannot: joined emoji, and the joiners of
 * Persian and of the Indic scripts.
 */
export const chatLine = (text: string): string => toLine(text, forChats);

function toLine(text: string, rule: Rule): string {
  return withoutControlSequences(text, rule).replace(/\s+/gu, ' ').replace(control, replacement).trim();
}

/** Sanitizes one line of output like `plain`, but keeps its indentation, with tabs as spaces. */
export const plainLine = (line: string): string => toOutputLine(line, forTerminals);

function toOutputLine(line: string, rule: Rule): string {
  if (ordinary.test(line)) return line;
  // Of a progress bar that a program draws again and again, the last state counts.
  const lastState = line.replace(/[\r\n]+$/u, '').replace(/^.*\r/su, '');
  const oneLine = lastState.replace(/[\n\v\f\u2028\u2029\u0085]/gu, ' ');
  return expandTabs(withoutControlSequences(oneLine, rule)).replace(control, replacement);
}

/** Sanitizes several lines of output. */
export const plainLines = (text: string): string => toOutputLines(text, forTerminals);

/** Sanitizes several lines for a chat, as `chatLine` does. */
export const chatLines = (text: string): string => toOutputLines(text, forChats);

function toOutputLines(text: string, rule: Rule): string {
  return text
    .split(/\r?\n/u)
    .map((line) => toOutputLine(line, rule))
    .join('\n');
}

function withoutControlSequences(text: string, rule: Rule): string {
  const visible = text.toWellFormed().replace(stringSequence, '').replace(controlSequence, '');
  return rule(visible).replace(blank, ' ');
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

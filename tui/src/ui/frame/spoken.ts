import { stripVTControlCharacters } from 'node:util';
import type { Frame } from './frame.ts';

/** The frame as lines to be read out: no rules, no columns, no empty lines. A dialog hides what it lies over. */
export function spokenLines(frame: Frame): readonly string[] {
  const told = frame.spokenOverlay ?? frame.spoken ?? frame.lines.map(linear);
  return told.filter((line) => /[\p{L}\p{N}]/u.test(line));
}

/** A drawn line without what is only there for the eye. */
export function linear(line: string): string {
  return stripVTControlCharacters(line)
    .replaceAll(/[─│╭╮╰╯━▌]/gu, ' ')
    .replaceAll(/\s{2,}/g, ', ')
    .replace(/^[\s,]+|[\s,]+$/g, '');
}

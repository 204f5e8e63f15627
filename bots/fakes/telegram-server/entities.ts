import { z } from 'zod';
import { badRequest } from './api-error.ts';

/** An entity of a text; offset and length count UTF-16 units, as in the Bot API. */
export const entity = z.strictObject({
  type: z.enum([
    'mention',
    'hashtag',
    'cashtag',
    'bot_command',
    'url',
    'email',
    'phone_number',
    'bold',
    'italic',
    'underline',
    'strikethrough',
    'spoiler',
    'blockquote',
    'code',
    'pre',
    'text_link',
    'text_mention',
  ]),
  offset: z.int().nonnegative(),
  length: z.int().positive(),
  url: z.string().optional(),
  user: z.looseObject({ id: z.number() }).optional(),
  language: z.string().optional(),
});
export type Entity = z.infer<typeof entity>;

/** Refuses invalid entities, also those that Telegram corrects silently: a client that sends them has a bug. */
export function checkEntities(text: string, entities: readonly Entity[]): void {
  if (entities.length > 100) throw badRequest('too many entities');
  for (const each of entities) {
    const end = each.offset + each.length;
    if (end > text.length) throw badRequest('ENTITY_BOUNDS_INVALID');
    if (splitsCharacter(text, each.offset) || splitsCharacter(text, end)) {
      throw badRequest('entity begins in a middle of a UTF-16 symbol');
    }
    if (each.type === 'text_link' && each.url === undefined) throw badRequest('entity needs an URL');
    for (const other of entities) {
      const starts = other.offset > each.offset && other.offset < end;
      if (starts && other.offset + other.length > end) throw badRequest('entities overlap without nesting');
      if (isCode(each) && other !== each && other.offset >= each.offset && other.offset < end) {
        throw badRequest('code and pre can not contain other entities');
      }
    }
  }
}

const found: readonly [Entity['type'], RegExp][] = [
  ['email', /\b[\w.+-]+@[\w-]+\.[a-z]{2,}\b/giu],
  ['url', /\bhttps?:\/\/[^\s]+|\b[a-z0-9-]+\.(?:com|org|net|io|dev|me)\b[^\s]*/giu],
  ['mention', /(?<![A-Za-z0-9_])@[A-Za-z0-9_]+/gu],
  ['bot_command', /(?<![A-Za-z0-9_/<>])\/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]+)?/gu],
  ['hashtag', /(?<![\p{L}\p{N}_])#[\p{L}\p{N}_]+/gu],
  ['cashtag', /(?<![A-Za-z0-9_])\$[A-Z]{1,8}\b/gu],
];

/** Returns the entities that Telegram finds by itself: mentions notify, commands and links can be tapped. */
export function findEntities(text: string, given: readonly Entity[]): Entity[] {
  const walls = given.filter((each) => isCode(each) || each.type === 'text_link');
  const all: Entity[] = [];
  for (const [type, pattern] of found) {
    for (const match of text.matchAll(pattern)) {
      const [offset, length] = [match.index, match[0].length];
      const isWalled = [...walls, ...all].some(
        (wall) => offset < wall.offset + wall.length && offset + length > wall.offset,
      );
      if (!isWalled) all.push({ type, offset, length });
    }
  }
  return all;
}

function isCode({ type }: Entity): boolean {
  return type === 'code' || type === 'pre';
}

function splitsCharacter(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  const after = text.charCodeAt(index);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

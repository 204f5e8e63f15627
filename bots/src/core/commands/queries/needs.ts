import { z } from 'zod';
import { code, moment, shortId } from '../../cards/card-parts.ts';
import { humanize } from '../arguments.ts';
import { listCommand } from './list-command.ts';

const need = z.object({
  id: z.string(),
  kind: z.string(),
  agent: z.string().nullable(),
  title: z.string(),
  since: z.string(),
  choices: z.array(z.string()),
});

/** Lists what waits for a person. */
export const needs = listCommand({
  name: 'needs',
  aliases: ['questions', 'waiting', 'what needs me'],
  title: 'What needs you',
  summary: 'Lists what waits for a person: questions, reviews, pairing requests, failed items.',
  rank: 13,
  row: need,
  entry: ({ id, kind, agent, title, since, choices }, now) => [
    code(shortId(id)),
    agent,
    humanize(kind),
    title,
    choices.length > 0 && `(${choices.join(' / ')})`,
    [moment(since, now)],
  ],
  emptyText: 'Nothing waits for you.',
  footer: '`answer ID yes`, `allow ID` for a host, `deliverable ID` for a review.',
});

import { readNeeds } from '@hq/shared/queries';
import { printedNeedColumns } from '../../columns/needs.ts';
import { needDocument } from '../documents/records.ts';
import { listCommand } from './list-command.ts';

export const addNeeds = listCommand({
  name: 'needs',
  about: 'what waits for a person: questions, reviews, pairing requests, failed items',
  read: async ({ client }) => ({ rows: await readNeeds(client) }),
  document: needDocument,
  columns: printedNeedColumns,
  whenEmpty: 'Nothing waits for you.',
});

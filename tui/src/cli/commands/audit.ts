import { readAgents, readAudit } from '@hq/shared/queries';
import { printedAuditColumns } from '../../columns/audit.ts';
import { limitOption, sinceOption } from '../arguments/options.ts';
import { auditDocument } from '../documents/records.ts';
import { listCommand, newest } from './list-command.ts';

export const addAudit = listCommand({
  name: 'audit',
  about: 'the audit log: who did what',
  options: [sinceOption(), limitOption()],
  read: async ({ client }, options) => {
    const [rows, agents] = await Promise.all([
      readAudit(client, newest(client, options)),
      readAgents(client),
    ]);
    return { rows, agents };
  },
  document: auditDocument,
  columns: () => printedAuditColumns,
  whenEmpty: 'Nothing was done yet.',
});

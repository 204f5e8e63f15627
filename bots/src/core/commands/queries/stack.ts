import { z } from 'zod';
import type { Command } from '../command.ts';
import { listCommand } from './list-command.ts';
import { choiceArgument, listAliases, queryDefaults, queryRows, textArgument } from './query-defaults.ts';
import { code, joinParts, showList, strong, text } from './show-list.ts';

const secret = z.object({
  key: z.string(),
  category: z.string().nullable(),
  sync_status: z.string(),
  sync_error: z.string().nullish(),
  gateway: z.string().nullable(),
  agent: z.string().nullable(),
});
const desktop = z.object({
  gateway: z.string(),
  host: z.string().nullable(),
  port: z.number(),
});

export const stackCommands: readonly Command[] = [
  listCommand({
    name: 'secrets',
    aliases: [...listAliases('secrets'), 'secret'],
    title: 'Secrets',
    summary: 'Lists secrets by name and state. Values are never shown.',
    arguments: [
      textArgument('gateway', 'gateway', 'Only those of this gateway'),
      textArgument('agent', 'agent', 'Only those of this agent'),
      choiceArgument('status', 'Only these', ['pending', 'active', 'error', 'waiting']),
    ],
    private: true,
    rank: 16,
    row: secret,
    line: (row) => [
      code(row.key),
      text(` ${joinParts(row.sync_status, row.agent ?? row.gateway, row.category, row.sync_error)}`),
    ],
    emptyText: 'No secrets.',
    footer: 'Set one in HQ: hq-tui secrets set.',
  }),
  {
    ...queryDefaults,
    name: 'desktop',
    aliases: ['screen', 'novnc'],
    title: 'Desktop',
    summary: 'Shows how to reach the desktop of a gateway.',
    arguments: [textArgument('gateway', 'gateway', 'Which gateway')],
    private: true,
    rank: 17,
    async run(context) {
      const rows = await queryRows(context, 'desktop', desktop);
      await showList(context, {
        command: 'desktop',
        title: 'Desktop',
        lines: rows.flatMap(({ gateway, host, port }) => [
          [strong(gateway)],
          [code(`ssh -L ${port}:127.0.0.1:${port} <operator>@${host ?? '<host>'}`)],
          [text(`then open http://127.0.0.1:${port} on this machine`)],
        ]),
        emptyText: 'There is no gateway.',
      });
    },
  },
  {
    ...queryDefaults,
    name: 'doctor',
    aliases: ['health'],
    title: 'Doctor',
    summary: 'Checks the chat adapters and the database.',
    arguments: [],
    private: true,
    rank: 50,
    async run({ delivery, services, responder }) {
      // Only for those who may look: the database says.
      await services.api.read(delivery, 'fleet', {}, z.unknown());
      const conditions = services.health();
      const isWell = conditions.every(({ ok }) => ok);
      await responder.answer({
        title: 'Doctor',
        tone: isWell ? 'good' : 'bad',
        state: isWell ? 'all is well' : 'something is wrong',
        fields: conditions.map(({ label, value }) => ({ label, value, wide: true })),
      });
    },
  },
];

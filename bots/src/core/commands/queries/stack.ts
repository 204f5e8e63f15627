import { z } from 'zod';
import type { Command } from '../../../contract/command.ts';
import { by, filter, listed, looking, oneOf } from './query-defaults.ts';
import { code, joined, page, showList, strong, text } from './show-list.ts';

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
  {
    ...looking,
    name: 'secrets',
    aliases: [...listed('secrets'), 'secret'],
    title: 'Secrets',
    summary: 'Lists secrets by name and state. Values are never shown.',
    arguments: [
      by('gateway', 'gateway', 'Only those of this gateway'),
      by('agent', 'agent', 'Only those of this agent'),
      oneOf('status', 'Only these', ['pending', 'active', 'error', 'waiting']),
      page,
    ],
    private: true,
    rank: 16,
    async run(asked) {
      const rows = await asked.house.hq.read(asked.said, 'secrets', filter(asked.values), secret);
      await showList(asked, {
        command: 'secrets',
        title: 'Secrets',
        lines: rows.map((row) => [
          code(row.key),
          text(` ${joined(row.sync_status, row.agent ?? row.gateway, row.category, row.sync_error)}`),
        ]),
        none: 'No secrets.',
        footer: 'Set one in HQ: hq-tui secrets set.',
      });
    },
  },
  {
    ...looking,
    name: 'desktop',
    aliases: ['screen', 'novnc'],
    title: 'Desktop',
    summary: 'Tells how to reach the screen of a gateway.',
    arguments: [by('gateway', 'gateway', 'Which gateway')],
    private: true,
    rank: 17,
    async run(asked) {
      const rows = await asked.house.hq.read(asked.said, 'desktop', filter(asked.values), desktop);
      await showList(asked, {
        command: 'desktop',
        title: 'Desktop',
        lines: rows.flatMap(({ gateway, host, port }) => [
          [strong(gateway)],
          [code(`ssh -L ${port}:127.0.0.1:${port} <operator>@${host ?? '<host>'}`)],
          [text(`then open http://127.0.0.1:${port} on this machine`)],
        ]),
        none: 'There is no gateway.',
      });
    },
  },
  {
    ...looking,
    name: 'doctor',
    aliases: ['health'],
    title: 'Doctor',
    summary: 'Tells whether the chat adapters and the database are well.',
    arguments: [],
    private: true,
    rank: 50,
    async run({ said, house, answer }) {
      // Only for those who may look: the database says.
      await house.hq.read(said, 'fleet', {}, z.unknown());
      const conditions = house.condition();
      const isWell = conditions.every(({ ok }) => ok);
      await answer({
        title: 'Doctor',
        tone: isWell ? 'good' : 'bad',
        state: isWell ? 'all is well' : 'something is wrong',
        fields: conditions.map(({ label, value }) => ({ label, value, wide: true })),
      });
    },
  },
];

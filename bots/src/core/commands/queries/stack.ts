import { z } from 'zod';
import { code, fieldsOf, strong, text } from '../../cards/card-parts.ts';
import { agentArgument, gatewayArgument, statusArgument } from '../arguments.ts';
import type { Command } from '../command.ts';
import { defineCommand } from '../define-command.ts';
import { listCommand, queryRows } from './list-command.ts';
import { showList } from './show-list.ts';

const secret = z.object({
  key: z.string(),
  category: z.string().nullable(),
  sync_status: z.string(),
  sync_error: z.string().nullish(),
  gateway: z.string().nullable(),
  agent: z.string().nullable(),
});
const desktop = z.object({ gateway: z.string(), host: z.string().nullable(), port: z.number() });

export const stackCommands: readonly Command[] = [
  listCommand({
    name: 'secrets',
    aliases: ['secret'],
    title: 'Secrets',
    summary: 'Lists secrets by name and state. Values are never shown.',
    arguments: [gatewayArgument(), agentArgument(), statusArgument('pending', 'active', 'error', 'waiting')],
    private: true,
    rank: 16,
    row: secret,
    entry: ({ key, sync_status, agent, gateway, category, sync_error }) => [
      code(key),
      sync_status,
      agent ?? gateway,
      category,
      sync_error,
    ],
    emptyText: 'No secrets.',
    footer: 'Set one in HQ: hq-tui secrets set.',
  }),
  defineCommand({
    name: 'desktop',
    aliases: ['screen', 'novnc'],
    title: 'Desktop',
    summary: 'Shows how to reach the desktop of a gateway.',
    arguments: [gatewayArgument('Which gateway')],
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
  }),
  defineCommand({
    name: 'doctor',
    aliases: ['health'],
    title: 'Doctor',
    summary: 'Checks the chat adapters and the database.',
    private: true,
    rank: 50,
    async run({ delivery, services, responder }) {
      // The database says who may look.
      await services.api.may(delivery, {});
      const conditions = services.health();
      const isWell = conditions.every(({ ok }) => ok);
      await responder.answer({
        title: 'Doctor',
        tone: isWell ? 'good' : 'bad',
        state: isWell ? 'all is well' : 'something is wrong',
        fields: fieldsOf(...conditions.map(({ label, value }) => [label, value, 'wide'] as const)),
      });
    },
  }),
];

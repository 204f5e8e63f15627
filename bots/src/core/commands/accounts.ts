import { roles } from '@hq/shared/actions';
import type { Argument } from '../../contract/command.ts';
import type { Command } from './command.ts';

const choices = (values: readonly string[]) => values.map((value) => ({ label: value, value }));
const optional = (name: 'gateway' | 'agent', summary: string): Argument => ({
  name,
  summary,
  kind: 'text',
  required: false,
  completion: name,
});

/** Links accounts to members and binds channels. */
export const accountCommands: readonly Command[] = [
  {
    name: 'whoami',
    group: null,
    aliases: ['who am i', 'me'],
    title: 'Who am I',
    summary: 'Shows your HQ account and your role here.',
    arguments: [],
    visibility: 'everyone',
    private: true,
    rank: 40,
    async run({ delivery, services, responder }) {
      const { linked, member, channel, role, tenant } = await services.api.whoami(delivery);
      await responder.answer({
        title: linked ? (member?.email ?? 'Linked') : 'This account is linked to nobody',
        tone: linked ? 'neutral' : 'warning',
        state: linked ? `${role ?? 'no role'} here` : 'not linked',
        fields: linked
          ? [
              { label: 'HQ', value: tenant ?? '' },
              { label: 'Your role', value: member?.role ?? 'none' },
              {
                label: 'This chat',
                value:
                  delivery.sender.kind === 'direct'
                    ? 'direct message, no limit of its own'
                    : channel.bound
                      ? `bound: ${channel.ceiling ?? 'viewer'} and below`
                      : 'not bound; an admin says bind',
              },
              ...(channel.gateway ? [{ label: 'Gateway', value: channel.gateway }] : []),
              ...(channel.agent ? [{ label: 'Agent', value: channel.agent }] : []),
            ]
          : [],
        body: linked
          ? []
          : [
              { kind: 'text', text: 'Get a code in HQ with ' },
              { kind: 'code', text: 'hq-tui chat code' },
              { kind: 'text', text: ' and send it here: link CODE.' },
            ],
        footer: `${delivery.sender.platform} ${delivery.sender.install} ${delivery.sender.user}`,
      });
    },
  },
  {
    name: 'link',
    group: null,
    aliases: [],
    title: 'Link this account',
    summary: 'Links this account to you, with a code from HQ.',
    arguments: [
      {
        name: 'code',
        summary: 'The code that hq-tui chat code shows',
        kind: 'text',
        required: true,
        completion: null,
        maxLength: 200,
      },
    ],
    visibility: 'everyone',
    private: true,
    rank: 41,
    async run({ delivery, values, services, responder }) {
      const { email } = await services.api.link(delivery, values.code ?? '');
      await responder.answer({
        title: `Linked to ${email ?? 'you'}`,
        tone: 'good',
        state: 'linked',
        body: [{ kind: 'text', text: 'Type help to see what you can do here.' }],
      });
    },
  },
  {
    name: 'unlink',
    group: 'chat',
    aliases: [],
    title: 'Unlink this account',
    summary: 'Ends the link between this account and you.',
    arguments: [],
    visibility: 'linked',
    private: true,
    rank: 90,
    async run({ delivery, services, responder }) {
      const { email } = await services.api.unlink(delivery);
      await responder.answer({
        title: `No longer linked to ${email ?? 'you'}`,
        tone: 'neutral',
        state: 'unlinked',
      });
    },
  },
  {
    name: 'bind',
    group: 'chat',
    aliases: [],
    title: 'Bind this channel',
    summary: 'Lets this channel use HQ up to a role, and sets its gateway or agent.',
    arguments: [
      {
        name: 'ceiling',
        summary: 'The highest role in this channel',
        kind: 'choice',
        required: false,
        completion: null,
        choices: choices(roles),
      },
      optional('gateway', 'The default gateway of this channel'),
      optional('agent', 'The default agent of this channel'),
    ],
    visibility: 'admins',
    private: false,
    rank: 80,
    async run({ delivery, values, services, responder }) {
      const { ceiling = 'operator', gateway = null, agent = null } = values;
      await services.api.bind(delivery, { ceiling, gateway, agent });
      await responder.answer({
        title: 'This channel is bound',
        tone: 'good',
        state: `${ceiling} and below`,
        fields: [
          ...(gateway === null ? [] : [{ label: 'Gateway', value: gateway }]),
          ...(agent === null ? [] : [{ label: 'Agent', value: agent }]),
        ],
      });
    },
  },
  {
    name: 'unbind',
    group: 'chat',
    aliases: [],
    title: 'Unbind this channel',
    summary: 'Ends the use of HQ in this channel.',
    arguments: [],
    visibility: 'admins',
    private: false,
    rank: 91,
    async run({ delivery, services, responder }) {
      await services.api.unbind(delivery);
      await responder.answer({ title: 'This channel is no longer bound', tone: 'neutral', state: 'unbound' });
    },
  },
];

import { roles } from '@hq/shared/actions';
import type { Whoami } from '../api/chat-api.ts';
import { code, fieldsOf, text } from '../cards/card-parts.ts';
import { agentArgument, choiceArgument, gatewayArgument, textArgument } from './arguments.ts';
import type { Command } from './command.ts';
import { defineCommand } from './define-command.ts';
import { visibleCommands } from './visibility.ts';

const whoami = defineCommand({
  name: 'whoami',
  aliases: ['who am i', 'me'],
  title: 'Who am I',
  summary: 'Shows your HQ account and your role here.',
  visibility: 'everyone',
  private: true,
  rank: 40,
  async run({ delivery, services, responder }) {
    const { platform, install, user, kind } = delivery.sender;
    const { linked, member, channel, role, tenant } = await services.api.whoami(delivery, {});
    const footer = `${platform} ${install} ${user}`;
    if (!linked) {
      await responder.answer({
        title: 'This account is linked to nobody',
        tone: 'warning',
        state: 'not linked',
        body: [
          text('Get a code in HQ with '),
          code('hq-tui chat code'),
          text(
            kind === 'direct'
              ? ' and send it here: '
              : ' and send it to the bot in a direct message, not here: ',
          ),
          code(services.phrase('`link CODE`', delivery.sender)),
        ],
        footer,
      });
      return;
    }
    await responder.answer({
      title: member?.email ?? 'Linked',
      tone: 'neutral',
      state: `${role ?? 'no role'} here`,
      fields: fieldsOf(
        ['HQ', tenant ?? ''],
        ['Your role', member?.role ?? 'none'],
        [
          'This chat',
          kind === 'direct'
            ? 'direct message, no limit of its own'
            : services.phrase(bindingOf(channel), delivery.sender),
        ],
        ['Gateway', channel.gateway],
        ['Agent', channel.agent],
      ),
      footer,
    });
  },
});

function bindingOf({ bound, ceiling }: Whoami['channel']): string {
  return bound ? `bound: ${ceiling ?? 'viewer'} and below` : 'not bound; an admin writes `bind`';
}

/** Links accounts to members and binds channels. */
export const accountCommands: readonly Command[] = [
  whoami,
  defineCommand({
    name: 'link',
    title: 'Link this account',
    summary: 'Links this account to you, with a code from HQ.',
    arguments: [
      textArgument('code', 'The code that hq-tui chat code shows', { required: true, maxLength: 200 }),
    ],
    visibility: 'everyone',
    private: true,
    directOnly: true,
    rank: 41,
    async run({ delivery, values, services, responder }) {
      const { email } = await services.api.link(delivery, { p_code: values.code ?? '' });
      await responder.answer({
        title: `Linked to ${email ?? 'you'}`,
        tone: 'good',
        state: 'linked',
        body: [text(services.phrase('Type `help` to see what you can do here.', delivery.sender))],
      });
      const who = await services.api.whoami(delivery, {});
      services.describeTo(delivery.sender, visibleCommands(services, who));
    },
  }),
  defineCommand({
    name: 'unlink',
    group: 'chat',
    title: 'Unlink this account',
    summary: 'Ends the link between this account and you.',
    private: true,
    rank: 90,
    async run({ delivery, services, responder }) {
      const { email } = await services.api.unlink(delivery, {});
      const title = `No longer linked to ${email ?? 'you'}`;
      await responder.answer({ title, tone: 'neutral', state: 'unlinked' });
    },
  }),
  defineCommand({
    name: 'bind',
    group: 'chat',
    title: 'Bind this channel',
    summary: 'Lets this channel use HQ up to a role, and sets its gateway or agent.',
    arguments: [
      choiceArgument('ceiling', 'The highest role in this channel', roles),
      gatewayArgument('The default gateway of this channel'),
      agentArgument('The default agent of this channel'),
    ],
    visibility: 'admins',
    rank: 80,
    async run({ delivery, values, services, responder }) {
      const { ceiling = 'operator', gateway = null, agent = null } = values;
      await services.api.bind(delivery, { p_ceiling: ceiling, p_gateway: gateway, p_agent: agent });
      await responder.answer({
        title: 'This channel is bound',
        tone: 'good',
        state: `${ceiling} and below`,
        fields: fieldsOf(['Gateway', gateway], ['Agent', agent]),
      });
    },
  }),
  defineCommand({
    name: 'unbind',
    group: 'chat',
    title: 'Unbind this channel',
    summary: 'Ends the use of HQ in this channel.',
    visibility: 'admins',
    rank: 91,
    async run({ delivery, services, responder }) {
      await services.api.unbind(delivery, {});
      await responder.answer({ title: 'This channel is no longer bound', tone: 'neutral', state: 'unbound' });
    },
  }),
];

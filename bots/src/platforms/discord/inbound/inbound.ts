import {
  ApplicationCommandOptionType,
  ChannelType,
  InteractionType,
  MessageFlags,
} from 'discord-api-types/v10';
import { z } from 'zod';
import type { Handle } from '../../../contract/card.ts';
import type { Input, Sender } from '../../../contract/inbound.ts';
import { channelOf, messageHandle } from '../message-handle.ts';
import { commandName, pathOf } from '../render/commands-menu.ts';
import { textFallback } from '../render/menu-groups.ts';

const user = z.object({
  id: z.string(),
  bot: z.boolean().optional(),
  system: z.boolean().optional(),
});

/** The message of a pressed button. */
const message = z.object({ id: z.string(), channel_id: z.string().optional(), flags: z.int().optional() });

const value = z.union([z.string(), z.number(), z.boolean()]).transform(String);

interface Option {
  readonly type?: number | undefined;
  readonly name: string;
  readonly value?: string | undefined;
  readonly focused?: boolean | undefined;
  readonly options?: readonly Option[] | undefined;
}

const option: z.ZodType<Option> = z.lazy(() =>
  z.object({
    type: z.int().optional(),
    name: z.string(),
    value: value.optional(),
    focused: z.boolean().optional(),
    options: z.array(option).optional(),
  }),
);

const filled = z.object({
  custom_id: z.string(),
  value: z.string().optional(),
  values: z.array(z.string()).optional(),
});

/** Of a command, a button or a form. */
const data = z.object({
  name: z.string().optional(),
  options: z.array(option).default([]),
  custom_id: z.string().optional(),
  components: z
    .array(z.object({ component: filled.optional(), components: z.array(filled).optional() }))
    .default([]),
});
type InteractionData = z.output<typeof data>;

/** The fields that HQ reads of an interaction; Discord sends more. */
const interactionSchema = z.object({
  id: z.string(),
  token: z.string(),
  type: z.int(),
  application_id: z.string().optional(),
  guild_id: z.string().nullish(),
  channel_id: z.string().nullish(),
  channel: z
    .object({ id: z.string().optional(), type: z.int().optional(), parent_id: z.string().nullish() })
    .nullish(),
  context: z.int().nullish(),
  member: z.object({ user: user.optional() }).nullish(),
  user: user.nullish(),
  message: message.nullish(),
  data,
});

const threadTypes = new Set<number | undefined>([
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
]);

interface InteractionHeader {
  readonly id: string;
  readonly token: string;
  readonly application: string;
  readonly sender: Sender;
  /** It comes from a message of the bot, so an empty answer is possible. */
  readonly onMessage: boolean;
}

export type ReadInteraction =
  | (InteractionHeader & { readonly kind: 'input'; readonly input: Input })
  | (InteractionHeader & {
      readonly kind: 'completion';
      readonly words: readonly string[];
      readonly argument: string;
      readonly typed: string;
    });

/** Null for anything else than an interaction of a kind that HQ uses. */
export function readInteraction(payload: unknown, ownApplication: string | null): ReadInteraction | null {
  const { data: interaction } = interactionSchema.safeParse(payload);
  const header = interaction && readHeader(interaction, ownApplication);
  if (!header) return null;
  const { sender } = header;
  const handle = interaction.message
    ? messageHandle(
        interaction.message.channel_id ?? channelOf(sender),
        interaction.message.id,
        ((interaction.message.flags ?? 0) & MessageFlags.Ephemeral) !== 0,
      )
    : null;
  const { data: sent } = interaction;
  const input = (value: Input): ReadInteraction => ({ ...header, kind: 'input', input: value });
  switch (interaction.type) {
    case InteractionType.ApplicationCommand:
      return sent.name === undefined ? null : input(commandInput(sent));
    case InteractionType.ApplicationCommandAutocomplete:
      return sent.name === undefined ? null : readCompletion(header, sent);
    case InteractionType.MessageComponent:
      return sent.custom_id === undefined
        ? null
        : input({ kind: 'button', token: sent.custom_id, message: handle });
    case InteractionType.ModalSubmit:
      return sent.custom_id === undefined ? null : input(formInput(sent.custom_id, sent, handle));
    default:
      return null;
  }
}

function readHeader(
  interaction: z.output<typeof interactionSchema>,
  ownApplication: string | null,
): InteractionHeader | null {
  const { id, token, guild_id: guild } = interaction;
  const user = interaction.member?.user ?? interaction.user;
  const place = interaction.channel_id ?? interaction.channel?.id;
  // A thread has the rights, the subscription and the limits of its channel.
  const parent = threadTypes.has(interaction.channel?.type) ? interaction.channel?.parent_id : null;
  const application = interaction.application_id ?? ownApplication;
  if (!user || !place || application === null) return null;
  const isForeign = ownApplication !== null && application !== ownApplication;
  const stranger = user.bot || user.system ? 'bot' : isForeign ? 'outsider' : undefined;
  return {
    id,
    token,
    application,
    onMessage: Boolean(interaction.message),
    sender: {
      platform: 'discord',
      install: guild ?? '@me',
      channel: parent ?? place,
      kind: !guild && (interaction.context ?? 1) === 1 ? 'direct' : 'group',
      thread: parent ? place : null,
      user: user.id,
      ...(stranger && { stranger }),
    },
  };
}

function readCompletion(header: InteractionHeader, sent: InteractionData): ReadInteraction | null {
  const { words, options } = descend(sent);
  const focused = options.find((one) => one.focused);
  if (!focused) return null;
  return {
    ...header,
    kind: 'completion',
    words,
    argument: focused.name,
    typed: focused.value ?? '',
  };
}

function commandInput(sent: InteractionData): Input {
  const { words, options } = descend(sent);
  const isText = words.length === 0 || (words.length === 1 && words[0] === textFallback.command);
  if (!isText)
    return {
      kind: 'options',
      words,
      options: Object.fromEntries(options.map((one) => [one.name, one.value ?? ''])),
    };
  const text = options.map(({ value }) => value ?? '').join(' ');
  return { kind: 'words', text: text.trim() };
}

/** Follows groups and sub-commands to the command's path and its options. */
function descend(sent: InteractionData): {
  readonly words: readonly string[];
  readonly options: readonly Option[];
} {
  const words = sent.name === undefined || sent.name === commandName ? [] : [sent.name];
  let options: readonly Option[] = sent.options;
  for (;;) {
    const inner = options.find(
      ({ type, value, options: below }) =>
        type === ApplicationCommandOptionType.Subcommand ||
        type === ApplicationCommandOptionType.SubcommandGroup ||
        (type === undefined && value === undefined && below !== undefined),
    );
    if (!inner) return { words: pathOf(words), options };
    words.push(inner.name);
    options = inner.options ?? [];
  }
}

function formInput(token: string, { components }: InteractionData, message: Handle | null): Input {
  const parts = components.flatMap(({ component, components: row }) => [component ?? [], row ?? []].flat());
  return {
    kind: 'form',
    token,
    ...(message && { message }),
    values: Object.fromEntries(parts.map((part) => [part.custom_id, part.value ?? part.values?.[0] ?? ''])),
  };
}

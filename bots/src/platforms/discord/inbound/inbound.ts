import { ApplicationCommandOptionType, InteractionType, MessageFlags } from 'discord-api-types/v10';
import { z } from 'zod';
import type { Handle } from '../../../contract/card.ts';
import type { Input, Sender } from '../../../contract/inbound.ts';
import { commandName, pathOf } from '../render/commands-menu.ts';
import { textFallback } from '../render/menu-groups.ts';

const user = z.object({
  id: z.string(),
  username: z.string().optional(),
  bot: z.boolean().optional(),
  system: z.boolean().optional(),
});

/** The message that bears what was pressed. */
const bearer = z.object({ id: z.string(), channel_id: z.string().optional(), flags: z.int().optional() });
type Bearer = z.output<typeof bearer>;

/** What is needed of an interaction. Discord sends more; whatever is not needed may be missing. */
const interactionShape = z.object({
  id: z.string(),
  token: z.string(),
  type: z.int(),
  application_id: z.string().optional(),
  guild_id: z.string().nullish(),
  channel_id: z.string().nullish(),
  channel: z.object({ id: z.string().optional() }).nullish(),
  context: z.int().nullish(),
  member: z.object({ user: user.optional() }).nullish(),
  user: user.nullish(),
  locale: z.string().optional(),
  message: bearer.nullish(),
  data: z.unknown(),
});

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

const command = z.object({ name: z.string(), options: z.array(option).default([]) });
const pressed = z.object({ custom_id: z.string() });

const filled = z.object({
  custom_id: z.string(),
  value: z.string().optional(),
  values: z.array(z.string()).optional(),
});
const form = z.object({
  custom_id: z.string(),
  components: z
    .array(z.object({ component: filled.optional(), components: z.array(filled).optional() }))
    .default([]),
});

interface Said {
  readonly id: string;
  readonly token: string;
  readonly application: string;
  readonly sender: Sender;
  /** Whether it comes from a message of the bot, which can then be answered by nothing at all. */
  readonly onMessage: boolean;
}

export type ReadInteraction =
  | (Said & { readonly kind: 'input'; readonly input: Input })
  | (Said & {
      readonly kind: 'completion';
      readonly words: readonly string[];
      readonly argument: string;
      readonly typed: string;
      readonly options: Readonly<Record<string, string>>;
    });

/** An interaction in the core's words; null for what is none, or of a kind that HQ never asks for. */
export function readInteraction(payload: unknown, ownApplication: string | null): ReadInteraction | null {
  const parsed = interactionShape.safeParse(payload);
  if (!parsed.success) return null;
  const interaction = parsed.data;
  const user = interaction.member?.user ?? interaction.user;
  const channel = interaction.channel_id ?? interaction.channel?.id;
  const application = interaction.application_id ?? ownApplication;
  if (!user || !channel || application === null) return null;
  const direct = !interaction.guild_id && (interaction.context ?? 1) === 1;
  const isForeign = ownApplication !== null && application !== ownApplication;
  const stranger = user.bot || user.system ? 'bot' : isForeign ? 'outsider' : undefined;
  const said: Said = {
    id: interaction.id,
    token: interaction.token,
    application,
    onMessage: Boolean(interaction.message),
    sender: {
      platform: 'discord',
      install: interaction.guild_id ?? '@me',
      channel,
      kind: direct ? 'direct' : 'group',
      thread: null,
      user: user.id,
      ...(user.username !== undefined && { userName: user.username }),
      ...(interaction.locale !== undefined && { locale: interaction.locale }),
      ...(stranger && { stranger }),
    },
  };
  const message = interaction.message ? handleOf(interaction.message, channel) : null;
  switch (interaction.type) {
    case InteractionType.ApplicationCommand: {
      const data = command.safeParse(interaction.data);
      return data.success ? { ...said, kind: 'input', input: commandInput(data.data) } : null;
    }
    case InteractionType.ApplicationCommandAutocomplete: {
      const data = command.safeParse(interaction.data);
      if (!data.success) return null;
      const { words, leaves } = walk(data.data);
      const focused = leaves.find((one) => one.focused);
      if (!focused) return null;
      const options = valuesOf(leaves.filter((one) => one !== focused));
      return {
        ...said,
        kind: 'completion',
        words,
        argument: focused.name,
        typed: focused.value ?? '',
        options,
      };
    }
    case InteractionType.MessageComponent: {
      const data = pressed.safeParse(interaction.data);
      if (!data.success) return null;
      return { ...said, kind: 'input', input: { kind: 'button', token: data.data.custom_id, message } };
    }
    case InteractionType.ModalSubmit: {
      const data = form.safeParse(interaction.data);
      return data.success ? { ...said, kind: 'input', input: formInput(data.data, message) } : null;
    }
    default:
      return null;
  }
}

function handleOf({ id, channel_id, flags }: Bearer, channel: string): Handle {
  const isPrivate = ((flags ?? 0) & MessageFlags.Ephemeral) !== 0;
  return { channel: channel_id ?? channel, message: id, ...(isPrivate && { private: 'yes' }) };
}

function commandInput(data: z.output<typeof command>): Input {
  const { words, leaves } = walk(data);
  const isInWords = words.length === 0 || (words.length === 1 && words[0] === textFallback.command);
  if (!isInWords) return { kind: 'options', words, options: valuesOf(leaves) };
  return {
    kind: 'words',
    text: leaves
      .map((one) => one.value ?? '')
      .join(' ')
      .trim(),
  };
}

/** The way through groups and sub-commands, and the options at its end. */
function walk({ name, options }: z.output<typeof command>): {
  words: readonly string[];
  leaves: readonly Option[];
} {
  const words = name === commandName ? [] : [name];
  let leaves: readonly Option[] = options;
  for (;;) {
    const inner = leaves.find(
      ({ type, value: leaf, options: below }) =>
        type === ApplicationCommandOptionType.Subcommand ||
        type === ApplicationCommandOptionType.SubcommandGroup ||
        (type === undefined && leaf === undefined && below !== undefined),
    );
    if (!inner) return { words: pathOf(words), leaves };
    words.push(inner.name);
    leaves = inner.options ?? [];
  }
}

function valuesOf(options: readonly Option[]): Record<string, string> {
  return Object.fromEntries(options.map((one) => [one.name, one.value ?? '']));
}

function formInput({ custom_id: token, components }: z.output<typeof form>, message: Handle | null): Input {
  const parts = components.flatMap(({ component, components: row }) => [component ?? [], row ?? []].flat());
  return {
    kind: 'form',
    token,
    ...(message && { message }),
    values: Object.fromEntries(parts.map((part) => [part.custom_id, part.value ?? part.values?.[0] ?? ''])),
  };
}

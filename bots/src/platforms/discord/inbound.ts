import { ApplicationCommandOptionType, InteractionType, MessageFlags } from 'discord-api-types/v10';
import { z } from 'zod';
import type { Handle } from '../../contract/card.ts';
import type { Input, Speaker } from '../../contract/inbound.ts';
import { commandName, pathOf } from './commands-menu.ts';
import { inWords } from './menu-groups.ts';

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
const interaction = z.object({
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
  readonly speaker: Speaker;
  /** Whether it comes from a message of the bot, which can then be answered by nothing at all. */
  readonly onMessage: boolean;
}

export type Heard =
  | (Said & { readonly kind: 'input'; readonly input: Input })
  | (Said & {
      readonly kind: 'completion';
      readonly words: readonly string[];
      readonly argument: string;
      readonly typed: string;
      readonly options: Readonly<Record<string, string>>;
    });

/** An interaction in the core's words; null for what is none, or of a kind that HQ never asks for. */
export function read(payload: unknown, ownApplication: string | null): Heard | null {
  const parsed = interaction.safeParse(payload);
  if (!parsed.success) return null;
  const told = parsed.data;
  const who = told.member?.user ?? told.user;
  const channel = told.channel_id ?? told.channel?.id;
  const application = told.application_id ?? ownApplication;
  if (!who || !channel || application === null) return null;
  const direct = !told.guild_id && (told.context ?? 1) === 1;
  const isForeign = ownApplication !== null && application !== ownApplication;
  const stranger = who.bot || who.system ? 'bot' : isForeign ? 'outsider' : undefined;
  const said: Said = {
    id: told.id,
    token: told.token,
    application,
    onMessage: Boolean(told.message),
    speaker: {
      platform: 'discord',
      install: told.guild_id ?? '@me',
      channel,
      kind: direct ? 'direct' : 'group',
      thread: null,
      user: who.id,
      ...(who.username !== undefined && { userName: who.username }),
      ...(told.locale !== undefined && { locale: told.locale }),
      ...(stranger && { stranger }),
    },
  };
  const message = told.message ? handleOf(told.message, channel) : null;
  switch (told.type) {
    case InteractionType.ApplicationCommand: {
      const data = command.safeParse(told.data);
      return data.success ? { ...said, kind: 'input', input: commandInput(data.data) } : null;
    }
    case InteractionType.ApplicationCommandAutocomplete: {
      const data = command.safeParse(told.data);
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
      const data = pressed.safeParse(told.data);
      if (!data.success) return null;
      return { ...said, kind: 'input', input: { kind: 'button', token: data.data.custom_id, message } };
    }
    case InteractionType.ModalSubmit: {
      const data = form.safeParse(told.data);
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
  const isInWords = words.length === 0 || (words.length === 1 && words[0] === inWords.command);
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

import { optionsOf } from './command-schemas.ts';
import {
  type ChannelRef,
  type DiscordUser,
  type GuildState,
  type Interaction,
  type Message,
  messageJson,
  newToken,
  snowflake,
  userJson,
} from './guild-state.ts';
import type { Modal } from './message-schemas.ts';

/** Creates the interaction of a user's action with a complete payload. */
export function newInteraction(
  state: GuildState,
  type: number,
  user: DiscordUser,
  where: ChannelRef,
  data: Readonly<Record<string, unknown>>,
  source: Message | null = null,
): Interaction {
  const id = snowflake();
  const token = `aW50${newToken()}`;
  return {
    id,
    token,
    type,
    user,
    where,
    source,
    payload: {
      id,
      token,
      type,
      version: 1,
      application_id: state.applicationId,
      data,
      channel_id: where.channel,
      channel: channelJson(state, where),
      ...senderFields(user, where),
      ...(source && { message: messageJson(state, source) }),
      locale: user.locale,
      app_permissions: '274878024704',
      entitlements: [],
      authorizing_integration_owners: { 0: where.guild ?? '0' },
      context: where.guild ? 0 : 1,
      attachment_size_limit: 10_485_760,
    },
    startedAt: Date.now(),
    answered: null,
    answeredInMs: null,
    original: null,
    followUps: [],
    modal: null,
    choices: [],
  };
}

function channelJson(state: GuildState, { channel, guild }: ChannelRef): Record<string, unknown> {
  const parent = state.channels.get(channel)?.parent ?? null;
  if (!guild) return { id: channel, type: 1 };
  const shared = { id: channel, guild_id: guild };
  if (parent === null) return { ...shared, type: 0, parent_id: null };
  const thread_metadata = { archived: false, locked: false, auto_archive_duration: 4320 };
  return { ...shared, type: 11, parent_id: parent, thread_metadata };
}

function senderFields(user: DiscordUser, where: ChannelRef): Record<string, unknown> {
  return where.guild
    ? {
        guild_id: where.guild,
        member: {
          user: userJson(user),
          roles: [],
          permissions: '2147483648',
          joined_at: new Date().toISOString(),
          deaf: false,
          mute: false,
          flags: 0,
        },
        guild_locale: 'en-US',
      }
    : { user: userJson(user) };
}

/** `words` is the path through the sub-commands: `run`, or `tasks create`. */
export function commandData(
  state: GuildState,
  words: string,
  values: Readonly<Record<string, string>>,
  focused?: string,
): Record<string, unknown> {
  const command = state.commands.find(({ name }) => name === 'hq');
  if (!command) throw new Error('No /hq is registered');
  const path = words.split(' ').filter((word) => word !== '');
  return { id: '1', name: 'hq', type: 1, options: optionsOf(command, path, values, focused) };
}

/** Returns the data of a submitted form. Throws on missing values, as Discord's client prevents them. */
export function modalData(modal: Modal, values: Readonly<Record<string, string>>): Record<string, unknown> {
  const left = new Set(Object.keys(values));
  const components = modal.components.map((part) => {
    const input = part.type === 18 ? part.component : part.components[0];
    const label = part.type === 18 ? part.label : input?.type === 4 ? input.label : undefined;
    if (!input) throw new Error('An empty row');
    const key = [input.custom_id, label].find((one) => one !== undefined && values[one] !== undefined);
    if (key !== undefined) left.delete(key);
    const value = key === undefined ? undefined : values[key];
    const filled =
      input.type === 4 ? textValue(input, label ?? '', value) : selectValue(input, label ?? '', value);
    return part.type === 18 ? { type: 18, component: filled } : { type: 1, components: [filled] };
  });
  if (left.size > 0) throw new Error(`The form has no ${[...left].join(', ')}`);
  return { custom_id: modal.custom_id, components };
}

type Component = Extract<Modal['components'][number], { type: 18 }>['component'];

function textValue(
  input: Extract<Component, { type: 4 }>,
  label: string,
  given: string | undefined,
): Record<string, unknown> {
  const value = given ?? input.value ?? '';
  if (input.required && value === '') throw new Error(`${label} must be filled in`);
  if (value !== '' && value.length < (input.min_length ?? 0)) throw new Error(`${label} is too short`);
  if (value.length > (input.max_length ?? 4000)) throw new Error(`${label} is too long`);
  return { type: 4, custom_id: input.custom_id, value };
}

function selectValue(
  input: Extract<Component, { type: 3 }>,
  label: string,
  given: string | undefined,
): Record<string, unknown> {
  const chosen = given ?? input.options.find((one) => one.default)?.value;
  if (chosen === undefined) {
    if (input.required !== false) throw new Error(`${label} must be chosen`);
    return { type: 3, custom_id: input.custom_id, values: [] };
  }
  const option = input.options.find((one) => one.value === chosen || one.label === chosen);
  if (!option) throw new Error(`${label} has no choice ${chosen}`);
  return { type: 3, custom_id: input.custom_id, values: [option.value] };
}

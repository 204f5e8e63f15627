import type { Changes } from './changes.ts';
import type { ChannelRef, DiscordUser, GuildState, Interaction, Message } from './guild-state.ts';
import { commandData, modalData, newInteraction } from './interaction-payloads.ts';
import type { Modal } from './message-schemas.ts';

/** The visible effects of a user's action. */
interface ActionResult {
  readonly interaction: Interaction;
  readonly acknowledgedInMs: number;
  /** The first answer, with later edits. */
  readonly message: Message | null;
  readonly followUps: readonly Message[];
  /** The form that opened. */
  readonly modal: Modal | null;
}

export interface UserActions {
  /**
   * Actions of users. Each resolves when the bot has acknowledged it, and rejects with "The application did not respond"
   * otherwise. `words` is the path through the sub-commands of `/hq`.
   */
  slash(
    user: DiscordUser,
    where: ChannelRef,
    words: string,
    options?: Readonly<Record<string, string>>,
  ): Promise<ActionResult>;
  /** `button` is a label or a custom id. */
  press(user: DiscordUser, message: Message, button: string): Promise<ActionResult>;
  /** `values` by custom id or by label. */
  submit(
    user: DiscordUser,
    form: ActionResult,
    values: Readonly<Record<string, string>>,
  ): Promise<ActionResult>;
  complete(
    user: DiscordUser,
    where: ChannelRef,
    words: string,
    options: Readonly<Record<string, string>>,
    focused: string,
  ): Promise<Interaction['choices']>;
}

interface ActionServices {
  /** Sends the interaction to the bot. */
  readonly start: (interaction: Interaction) => Promise<void>;
  readonly until: Changes['until'];
  readonly acknowledgeWithinMs: number;
}

export function createUserActions(state: GuildState, services: ActionServices): UserActions {
  const act = (interaction: Interaction): Promise<ActionResult> => perform(state, interaction, services);
  return {
    slash: async (user, where, words, values = {}) =>
      act(newInteraction(state, 2, user, where, commandData(state, words, values))),
    press: async (user, message, button) => {
      if (message.deleted || (message.onlyFor && message.onlyFor !== user.id)) {
        throw new Error(`${user.username} does not see that message`);
      }
      const found = message.components
        .flatMap(({ components }) => components)
        .find((one) => one.type === 2 && (one.label === button || one.custom_id === button));
      if (found?.custom_id === undefined || found.disabled) throw new Error(`There is no button ${button}`);
      const data = { component_type: 2, custom_id: found.custom_id };
      return act(newInteraction(state, 3, user, message, data, message));
    },
    submit: async (user, { interaction }, values) => {
      if (!interaction.modal) throw new Error('No form is open');
      const data = modalData(interaction.modal, values);
      return act(newInteraction(state, 5, user, interaction.where, data, interaction.source));
    },
    complete: async (user, where, words, values, focused) => {
      const data = commandData(state, words, { [focused]: '', ...values }, focused);
      const turn = await act(newInteraction(state, 4, user, where, data));
      return turn.interaction.choices;
    },
  };
}

async function perform(
  state: GuildState,
  interaction: Interaction,
  { start, until, acknowledgeWithinMs }: ActionServices,
): Promise<ActionResult> {
  state.interactions.set(interaction.id, interaction);
  const tooLate = setTimeout(state.changed, acknowledgeWithinMs + 50);
  try {
    await start(interaction);
    await until(() => {
      if (interaction.answered !== null) return true;
      if (Date.now() - interaction.startedAt > acknowledgeWithinMs) {
        throw new Error('The application did not respond');
      }
      return false;
    });
  } finally {
    clearTimeout(tooLate);
  }
  return {
    interaction,
    acknowledgedInMs: interaction.answeredInMs ?? 0,
    get message() {
      const shown = interaction.original;
      return shown && !shown.deleted ? shown : null;
    },
    get followUps() {
      return interaction.followUps.filter(({ deleted }) => !deleted);
    },
    get modal() {
      return interaction.modal;
    },
  };
}

import {
  alreadyAcknowledged,
  emptyMessage,
  expiredWebhookToken,
  invalidBody,
  parseBody,
  unknownInteraction,
  unknownMessage,
  unknownWebhook,
} from './api-error.ts';
import {
  type Attachment,
  applyBody,
  type GuildState,
  type Interaction,
  type Message,
  newMessage,
} from './guild-state.ts';
import { callbackBody, choicesBody, type MessageBody, messageBody, modalBody } from './message-schemas.ts';

const tokenLivesMs = 15 * 60_000;
const ephemeral = 64;

const command = 2;
const component = 3;
const autocomplete = 4;
const modalSubmit = 5;

/** Takes the answers to interactions: the first one and those by token. Refuses them as Discord does. */
export class InteractionResponses {
  readonly #state: GuildState;
  readonly #acknowledgeWithinMs: number;

  constructor(state: GuildState, acknowledgeWithinMs: number) {
    this.#state = state;
    this.#acknowledgeWithinMs = acknowledgeWithinMs;
  }

  /** Takes the first answer, once and within three seconds. */
  answer(id: string, token: string, body: unknown, attachments: readonly Attachment[]): Interaction {
    const interaction = this.#state.interactions.get(id);
    if (!interaction || interaction.token !== token) throw unknownInteraction();
    return this.accept(interaction, body, attachments);
  }

  accept(interaction: Interaction, body: unknown, attachments: readonly Attachment[] = []): Interaction {
    if (interaction.answered !== null) throw alreadyAcknowledged();
    const tookMs = Date.now() - interaction.startedAt;
    if (tookMs > this.#acknowledgeWithinMs) throw unknownInteraction();
    const { type, data } = parseBody(callbackBody, body);
    if (!allowedTypes(interaction).includes(type)) {
      throw invalidBody(['type'], { code: 'BASE_TYPE_CHOICES', message: 'Value is not one of the choices.' });
    }
    switch (type) {
      case 4: {
        const message = parseBody(messageBody, data);
        requireContent(message, attachments);
        interaction.original = this.#newOriginal(interaction, message, false, attachments);
        break;
      }
      case 5:
        interaction.original = this.#newOriginal(interaction, parseBody(messageBody, data ?? {}), true, []);
        break;
      case 6:
        interaction.original = interaction.source;
        break;
      case 7: {
        const message = parseBody(messageBody, data);
        if (interaction.source) {
          applyBody(interaction.source, message);
          interaction.source.edits += 1;
        }
        interaction.original = interaction.source;
        break;
      }
      case 8:
        interaction.choices = parseBody(choicesBody, data).choices;
        break;
      case 9:
        interaction.modal = parseBody(modalBody, data);
        break;
    }
    interaction.answered = type;
    interaction.answeredInMs = tookMs;
    this.#state.changed();
    return interaction;
  }

  followUp(token: string, body: unknown, attachments: readonly Attachment[]): Message {
    const interaction = this.#byToken(token);
    const message = parseBody(messageBody, body);
    requireContent(message, attachments);
    if (interaction.original?.loading) {
      // As on Discord, the first follow-up fills the placeholder and keeps its visibility.
      return this.#fillOriginal(interaction.original, message, attachments);
    }
    const onlyFor = (message.flags ?? 0) & ephemeral ? interaction.user.id : null;
    const made = newMessage(this.#state, interaction.where, message, { attachments, onlyFor });
    interaction.followUps.push(made);
    this.#state.changed();
    return made;
  }

  editByToken(token: string, id: string, body: unknown, attachments: readonly Attachment[]): Message {
    const message = this.messageByToken(token, id);
    const change = parseBody(messageBody, body);
    if (message.loading) return this.#fillOriginal(message, change, attachments);
    applyBody(message, change);
    message.edits += 1;
    this.#state.changed();
    return message;
  }

  deleteByToken(token: string, id: string): void {
    this.messageByToken(token, id).deleted = true;
    this.#state.changed();
  }

  messageByToken(token: string, id: string): Message {
    const interaction = this.#byToken(token);
    const message =
      id === '@original'
        ? interaction.original
        : [interaction.original, ...interaction.followUps].find((one) => one?.id === id);
    if (!message || message.deleted) throw unknownMessage();
    return message;
  }

  #byToken(token: string): Interaction {
    const interaction = [...this.#state.interactions.values()].find((one) => one.token === token);
    if (!interaction || interaction.answered === null) throw unknownWebhook();
    if (Date.now() + this.#state.aheadMs - interaction.startedAt > tokenLivesMs) throw expiredWebhookToken();
    return interaction;
  }

  #newOriginal(
    interaction: Interaction,
    body: MessageBody,
    loading: boolean,
    attachments: readonly Attachment[],
  ): Message {
    const onlyFor = (body.flags ?? 0) & ephemeral ? interaction.user.id : null;
    return newMessage(this.#state, interaction.where, body, { onlyFor, loading, attachments });
  }

  #fillOriginal(message: Message, body: MessageBody, attachments: readonly Attachment[]): Message {
    requireContent(body, attachments);
    applyBody(message, body);
    message.loading = false;
    this.#state.changed();
    return message;
  }
}

export function requireContent(body: MessageBody, attachments: readonly Attachment[]): void {
  const holds = body.content?.trim() || body.embeds?.length || body.components?.length || attachments.length;
  if (!holds) throw emptyMessage();
}

function allowedTypes({ type, source }: Interaction): readonly number[] {
  switch (type) {
    case command:
      return [4, 5, 9];
    case component:
      return [4, 5, 6, 7, 9];
    case autocomplete:
      return [8];
    case modalSubmit:
      return source ? [4, 5, 6, 7] : [4, 5];
    default:
      return [];
  }
}

import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { type Block, type Button, type Input, type Option, suggestions } from './block-kit.ts';
import type { Delivery, Receipt, Signature } from './deliveries.ts';
import type { SlackServer } from './slack-server.ts';
import type { OpenView, SlackChannel, SlackMessage, SlackUser } from './workspace.ts';

/** Changes of a delivery before it is sent, such as another workspace's id or an invalid signature. */
export interface DeliveryOverrides {
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly signed?: Partial<Signature>;
  readonly retry?: Delivery['retry'];
}

export interface SuggestionResult {
  readonly receipt: Receipt;
  readonly options: readonly Option[];
}

/** Actions of users, as deliveries. Each resolves after the acknowledgement or Slack's time limit. */
export class UserActions {
  readonly #server: SlackServer;

  constructor(server: SlackServer) {
    this.#server = server;
  }

  /** Sends `/hq text` in a channel. */
  async slash(
    user: SlackUser,
    channel: SlackChannel,
    text: string,
    tampered: DeliveryOverrides = {},
  ): Promise<Receipt> {
    const server = this.#server;
    const receipt = await this.#deliver(
      {
        type: 'slash_commands',
        payload: {
          token: 'legacy-verification-token',
          team_id: user.team,
          team_domain: 'lab',
          ...(user.enterprise !== null && { enterprise_id: user.enterprise, enterprise_name: 'Acme' }),
          channel_id: channel.id,
          channel_name: channel.name,
          user_id: user.id,
          user_name: user.name,
          command: '/hq',
          text: escaped(text),
          api_app_id: server.workspace.appId,
          is_enterprise_install: 'false',
          response_url: server.newResponseUrl(channel.id, user.id),
          trigger_id: server.newTrigger(user.id),
        },
      },
      tampered,
    );
    if (receipt.answer.text !== undefined || receipt.answer.blocks !== undefined)
      server.respond({ channel: channel.id, user: user.id }, receipt.answer);
    return receipt;
  }

  /** Sends `@HQ text` in a channel or a thread. */
  async mention(
    user: SlackUser,
    channel: SlackChannel,
    text: string,
    options: DeliveryOverrides & { readonly thread?: string; readonly event?: Record<string, unknown> } = {},
  ): Promise<Receipt> {
    const { workspace } = this.#server;
    const written = `<@${workspace.botUser}> ${escaped(text)}`;
    const message = workspace.post({
      channel: channel.id,
      thread: options.thread,
      author: user.id,
      onlyFor: undefined,
      text: written,
      blocks: undefined,
    });
    return this.event(
      {
        type: 'app_mention',
        user: user.id,
        text: written,
        ts: message.ts,
        team: user.team,
        channel: channel.id,
        event_ts: message.ts,
        ...(options.thread === undefined ? {} : { thread_ts: options.thread }),
        ...options.event,
      },
      options,
    );
  }

  /** Sends any event of the Events API. */
  async event(event: Readonly<Record<string, unknown>>, tampered: DeliveryOverrides = {}): Promise<Receipt> {
    const { workspace } = this.#server;
    return this.#deliver(
      {
        type: 'events_api',
        payload: {
          token: 'legacy-verification-token',
          team_id: workspace.team,
          ...(workspace.enterprise !== null && { enterprise_id: workspace.enterprise }),
          api_app_id: workspace.appId,
          event,
          type: 'event_callback',
          event_id: `Ev${randomBytes(5).toString('hex').toUpperCase()}`,
          event_time: Math.floor(Date.now() / 1000),
          authorizations: [
            {
              enterprise_id: workspace.enterprise,
              team_id: workspace.team,
              user_id: workspace.botUser,
              is_bot: true,
            },
          ],
          is_ext_shared_channel: false,
        },
      },
      tampered,
    );
  }

  /** Presses the button with this label, and confirms its dialog. */
  async press(
    user: SlackUser,
    message: SlackMessage,
    label: string,
    tampered: DeliveryOverrides = {},
  ): Promise<Receipt> {
    const { workspace } = this.#server;
    const found = buttonsOf(message).find(({ button }) => button.text.text === label);
    if (found === undefined)
      throw new Error(`there is no button "${label}" on: ${workspace.render(message).text}`);
    const channel = workspace.channels.get(message.channel);
    const isEphemeral = message.onlyFor !== undefined;
    return this.#deliver(
      {
        type: 'interactive',
        payload: {
          type: 'block_actions',
          ...this.#person(user),
          container: {
            type: 'message',
            message_ts: message.ts,
            channel_id: message.channel,
            is_ephemeral: isEphemeral,
            ...(message.thread === undefined ? {} : { thread_ts: message.thread }),
          },
          channel: { id: message.channel, name: channel?.name ?? 'unknown' },
          // Slack omits the message if it is ephemeral.
          ...(isEphemeral
            ? {}
            : { message: { type: 'message', user: message.author, ts: message.ts, text: message.text } }),
          state: { values: {} },
          response_url: this.#server.newResponseUrl(message.channel, user.id, message),
          actions: [
            {
              type: 'button',
              action_id: found.button.action_id,
              block_id: found.block,
              text: found.button.text,
              value: found.button.value,
              action_ts: workspace.nextTs(),
            },
          ],
        },
      },
      tampered,
    );
  }

  /** Returns the form that the user opened last. */
  openView(user: SlackUser): OpenView | undefined {
    return this.#server.workspace.views.findLast((one) => one.user === user.id);
  }

  /** Fills in the form by its labels and submits it. It closes unless the answer has errors. */
  async submit(
    user: SlackUser,
    opened: OpenView,
    values: Readonly<Record<string, string>>,
    tampered: DeliveryOverrides = {},
  ): Promise<Receipt> {
    const receipt = await this.#deliver(
      {
        type: 'interactive',
        payload: {
          type: 'view_submission',
          ...this.#person(user),
          view: { ...this.#viewPayload(opened), state: { values: filledIn(opened, values) } },
          response_urls: [],
        },
      },
      tampered,
    );
    const { views } = this.#server.workspace;
    if (receipt.answer.response_action === 'errors')
      opened.errors = errorsByLabel(opened, receipt.answer.errors);
    else if (receipt.acknowledged) views.splice(views.indexOf(opened), 1);
    return receipt;
  }

  /** Types into a field with completion. */
  async suggest(
    user: SlackUser,
    opened: OpenView,
    label: string,
    typed: string,
    tampered: DeliveryOverrides = {},
  ): Promise<SuggestionResult> {
    const field = inputsOf(opened).find((one) => one.label.text === label);
    if (field?.element.type !== 'external_select') throw new Error(`"${label}" does not complete`);
    const receipt = await this.#deliver(
      {
        type: 'interactive',
        payload: {
          type: 'block_suggestion',
          ...this.#person(user),
          container: { type: 'view', view_id: opened.id },
          action_id: field.element.action_id,
          block_id: field.block_id,
          value: typed,
          view: { ...this.#viewPayload(opened), state: { values: {} } },
        },
      },
      tampered,
    );
    const parsed = suggestions.safeParse(receipt.answer);
    return { receipt, options: parsed.success ? parsed.data.options : [] };
  }

  /** Sends the same delivery again, as Slack does without an acknowledgement. */
  async redeliver(receipt: Receipt, attempt = 1, reason = 'timeout'): Promise<Receipt> {
    return this.#server.deliver({ ...receipt.delivery, retry: { attempt, reason } });
  }

  #deliver(delivery: Delivery, tampered: DeliveryOverrides): Promise<Receipt> {
    return this.#server.deliver(
      {
        type: delivery.type,
        payload: { ...delivery.payload, ...tampered.payload },
        ...(tampered.retry === undefined ? {} : { retry: tampered.retry }),
      },
      tampered.signed,
    );
  }

  #person(user: SlackUser) {
    const { workspace } = this.#server;
    return {
      user: { id: user.id, username: user.name, name: user.name, team_id: user.team },
      api_app_id: workspace.appId,
      token: 'legacy-verification-token',
      // The workspace that the user is signed in to, which may be another one than the app's.
      team: {
        id: user.team,
        domain: 'lab',
        ...(user.enterprise !== null && { enterprise_id: user.enterprise, enterprise_name: 'Acme' }),
      },
      enterprise: user.enterprise === null ? null : { id: user.enterprise, name: 'Acme' },
      is_enterprise_install: false,
      trigger_id: this.#server.newTrigger(user.id),
    };
  }

  #viewPayload(opened: OpenView) {
    const { workspace } = this.#server;
    return {
      ...opened.view,
      id: opened.id,
      team_id: workspace.team,
      hash: opened.hash,
      app_id: workspace.appId,
      bot_id: workspace.botId,
      app_installed_team_id: workspace.team,
    };
  }
}

function buttonsOf(message: SlackMessage): { block: string; button: Button }[] {
  return (message.blocks ?? []).flatMap((block: Block, at) =>
    block.type === 'actions'
      ? block.elements.flatMap((element) =>
          element.type === 'button' ? { block: block.block_id ?? `b${at}`, button: element } : [],
        )
      : [],
  );
}

function inputsOf(opened: OpenView): Input[] {
  return opened.view.blocks.filter((block) => block.type === 'input');
}

/** Throws for errors that Slack cannot show: without text, or beside no input. */
function errorsByLabel(opened: OpenView, given: unknown): Record<string, string> {
  const errors = Object.entries(z.record(z.string(), z.string().min(1)).parse(given));
  if (errors.length === 0) throw new Error('the answer has no errors');
  return Object.fromEntries(
    errors.map(([block, text]) => {
      const input = inputsOf(opened).find((one) => one.block_id === block);
      if (input === undefined) throw new Error(`the form has no input ${block}`);
      return [input.label.text, text];
    }),
  );
}

function filledIn(opened: OpenView, values: Readonly<Record<string, string>>) {
  const labels = inputsOf(opened).map((field) => field.label.text);
  const unknown = Object.keys(values).find((label) => !labels.includes(label));
  if (unknown !== undefined) throw new Error(`the form has no "${unknown}", it has: ${labels.join(', ')}`);
  return Object.fromEntries(
    inputsOf(opened).map((field) => {
      const { element } = field;
      const given = values[field.label.text];
      const actionId = element.action_id ?? 'value';
      if (element.type === 'plain_text_input' || element.type === 'number_input')
        return [
          field.block_id,
          { [actionId]: { type: element.type, value: given ?? element.initial_value ?? null } },
        ];
      if (element.type === 'checkboxes')
        return [field.block_id, { [actionId]: { type: element.type, selected_options: [] } }];
      const chosen =
        given === undefined
          ? (element.initial_option ?? null)
          : { text: { type: 'plain_text', text: given }, value: given };
      return [field.block_id, { [actionId]: { type: element.type, selected_option: chosen } }];
    }),
  );
}

/** Slack escapes these three characters of typed text. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

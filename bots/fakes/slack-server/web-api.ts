import { randomBytes, randomUUID } from 'node:crypto';
import { type Block, checkBlocks, checkView } from './block-kit.ts';
import type { SlackChannel, SlackMessage, Workspace } from './workspace.ts';

export type Arguments = Readonly<Record<string, unknown>>;
export type Answer = Record<string, unknown>;

/** An answer with `ok: false`. */
export class ApiError extends Error {
  readonly answer: Answer;

  constructor(error: string, more: Answer = {}) {
    super(error);
    this.answer = { ok: false, error, ...more };
  }
}

interface Caller {
  readonly kind: 'bot' | 'app';
}

/** The parts of the server that methods use. */
export interface MethodContext {
  readonly workspace: Workspace;
  readonly origin: string;
  readonly scopes: ReadonlySet<string>;
  readonly sockets: { readonly count: number };
  newTicket(): string;
  /** Consumes a trigger and returns its user. */
  useTrigger(id: string): string;
}

interface Method {
  readonly for: 'bot' | 'app' | 'both';
  readonly scope?: string;
  run(given: Arguments, context: MethodContext, caller: Caller): Answer;
}

const maxText = 4000;
const maxSockets = 10;

export const methods: Readonly<Record<string, Method>> = {
  'api.test': { for: 'both', run: (given) => ({ args: given }) },

  'auth.test': {
    for: 'both',
    run: (_given, { workspace }, caller) =>
      caller.kind === 'app'
        ? { app_name: 'HQ', app_id: workspace.appId }
        : {
            url: 'https://lab.slack.com/',
            team: 'Lab',
            user: 'hq',
            team_id: workspace.team,
            user_id: workspace.botUser,
            bot_id: workspace.botId,
            ...(workspace.enterprise !== null && { enterprise_id: workspace.enterprise }),
            is_enterprise_install: false,
          },
  },

  'apps.connections.open': {
    for: 'app',
    scope: 'connections:write',
    run: (_given, context) => {
      if (context.sockets.count >= maxSockets) throw new ApiError('too_many_websockets');
      const url = new URL('/link/', context.origin.replace(/^http/u, 'ws'));
      url.searchParams.set('ticket', context.newTicket());
      url.searchParams.set('app_id', context.workspace.appId);
      return { url: url.href };
    },
  },

  'chat.postMessage': {
    for: 'bot',
    scope: 'chat:write',
    run: (given, context) => {
      const channel = writable(context, text(given, 'channel'));
      const posted = context.workspace.post({
        channel: channel.id,
        thread: thread(given, context, channel),
        author: context.workspace.botUser,
        onlyFor: undefined,
        ...content(given),
      });
      return { channel: channel.id, ts: posted.ts };
    },
  },

  'chat.postEphemeral': {
    for: 'bot',
    scope: 'chat:write',
    run: (given, context) => {
      const channel = writable(context, text(given, 'channel'));
      const user = text(given, 'user');
      if (!channel.members.has(user)) throw new ApiError('user_not_in_channel');
      const posted = context.workspace.post({
        channel: channel.id,
        thread: thread(given, context, channel),
        author: context.workspace.botUser,
        onlyFor: user,
        ...content(given),
      });
      return { message_ts: posted.ts };
    },
  },

  'chat.update': {
    for: 'bot',
    scope: 'chat:write',
    run: (given, context) => {
      const message = ownMessage(given, context);
      Object.assign(message, content(given));
      message.edits += 1;
      return { channel: message.channel, ts: message.ts, text: message.text };
    },
  },

  'chat.delete': {
    for: 'bot',
    scope: 'chat:write',
    run: (given, context) => {
      const message = ownMessage(given, context);
      message.deleted = true;
      return { channel: message.channel, ts: message.ts };
    },
  },

  'views.open': {
    for: 'bot',
    run: (given, context) => {
      const user = context.useTrigger(text(given, 'trigger_id'));
      const checked = checkView(given.view);
      if ('error' in checked) throw refused(checked);
      const opened = {
        id: `V0${randomBytes(5).toString('hex').toUpperCase()}`,
        user,
        view: checked.value,
        hash: randomUUID(),
      };
      context.workspace.views.push(opened);
      return { view: { id: opened.id, hash: opened.hash } };
    },
  },

  'views.update': {
    for: 'bot',
    run: (given, context) => {
      const found = context.workspace.views.find((one) => one.id === given.view_id);
      if (found === undefined) throw new ApiError('not_found');
      if (given.hash !== undefined && given.hash !== found.hash) throw new ApiError('hash_conflict');
      const checked = checkView(given.view);
      if ('error' in checked) throw refused(checked);
      found.view = checked.value;
      found.hash = randomUUID();
      return { view: { id: found.id, hash: found.hash } };
    },
  },

  'views.publish': {
    for: 'bot',
    run: (given, context) => {
      const user = text(given, 'user_id');
      if (!context.workspace.users.has(user)) throw new ApiError('user_not_found');
      const checked = checkView(given.view);
      if ('error' in checked) throw refused(checked);
      if (checked.value.type !== 'home') throw new ApiError('invalid_arguments');
      context.workspace.homes.set(user, checked.value);
      return { view: { id: `V${user}`, hash: randomUUID() } };
    },
  },

  'files.getUploadURLExternal': {
    for: 'bot',
    scope: 'files:write',
    run: (given, context) => {
      const length = Number(given.length);
      if (!Number.isInteger(length) || length <= 0) throw new ApiError('invalid_arguments');
      const id = `F0${randomBytes(5).toString('hex').toUpperCase()}`;
      const uploadPath = `/upload/${randomUUID()}`;
      context.workspace.files.push({
        id,
        name: text(given, 'filename'),
        length,
        uploadPath,
        title: undefined,
        content: undefined,
        channel: undefined,
        thread: undefined,
        comment: undefined,
      });
      return { upload_url: `${context.origin}${uploadPath}`, file_id: id };
    },
  },

  'files.completeUploadExternal': {
    for: 'bot',
    scope: 'files:write',
    run: (given, context) => {
      const listed = given.files;
      if (!Array.isArray(listed) || listed.length === 0) throw new ApiError('invalid_arguments');
      const channel =
        given.channel_id === undefined ? undefined : writable(context, text(given, 'channel_id'));
      const done = listed.map((entry: { id?: unknown; title?: unknown }) => {
        const file = context.workspace.files.find((one) => one.id === entry.id);
        if (file?.content === undefined) throw new ApiError('file_not_found');
        file.title = typeof entry.title === 'string' ? entry.title : file.name;
        file.channel = channel?.id;
        file.thread = typeof given.thread_ts === 'string' ? given.thread_ts : undefined;
        file.comment = typeof given.initial_comment === 'string' ? given.initial_comment : undefined;
        return { id: file.id, title: file.title };
      });
      return { files: done };
    },
  },

  'conversations.info': {
    for: 'bot',
    scope: 'channels:read',
    run: (given, context) => {
      const channel = context.workspace.channels.get(text(given, 'channel'));
      if (channel === undefined) throw new ApiError('channel_not_found');
      return {
        channel: { id: channel.id, name: channel.name, is_im: channel.isDirect, is_ext_shared: false },
      };
    },
  },

  'users.info': {
    for: 'bot',
    scope: 'users:read',
    run: (given, context) => {
      const user = context.workspace.users.get(text(given, 'user'));
      if (user === undefined) throw new ApiError('user_not_found');
      return { user: { id: user.id, team_id: user.team, name: user.name, is_bot: false } };
    },
  },
};

function text(given: Arguments, name: string): string {
  const value = given[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new ApiError(name === 'channel' ? 'channel_not_found' : 'invalid_arguments', {
    response_metadata: { messages: [`[ERROR] missing required field: ${name}`] },
  });
}

function writable({ workspace, scopes }: MethodContext, id: string): SlackChannel {
  const user = workspace.users.get(id);
  const channel = user === undefined ? workspace.channels.get(id) : workspace.direct(user);
  if (channel === undefined) throw new ApiError('channel_not_found');
  if (!channel.members.has(workspace.botUser) && !scopes.has('chat:write.public'))
    throw new ApiError('not_in_channel');
  return channel;
}

function thread(given: Arguments, { workspace }: MethodContext, channel: SlackChannel): string | undefined {
  const ts = given.thread_ts;
  if (typeof ts !== 'string') return undefined;
  if (workspace.find(channel.id, ts) === undefined) throw new ApiError('thread_not_found');
  return ts;
}

function ownMessage(given: Arguments, { workspace }: MethodContext): SlackMessage {
  const channel = text(given, 'channel');
  if (!workspace.channels.has(channel)) throw new ApiError('channel_not_found');
  const message = workspace.find(channel, text(given, 'ts'));
  // An ephemeral message is not part of the channel: only its response_url can change it.
  if (message === undefined || message.onlyFor !== undefined) throw new ApiError('message_not_found');
  if (message.author !== workspace.botUser) throw new ApiError('cant_update_message');
  return message;
}

/** Validates the text and the blocks of a message. */
export function content(given: Arguments): { text: string; blocks: Block[] | undefined } {
  const words = typeof given.text === 'string' ? given.text : '';
  if (words.length > maxText) throw new ApiError('msg_too_long');
  if (given.blocks === undefined) {
    if (words === '') throw new ApiError('no_text');
    return { text: words, blocks: undefined };
  }
  const checked = checkBlocks(given.blocks);
  if ('error' in checked) throw refused(checked);
  return { text: words, blocks: checked.value };
}

function refused(checked: { error: string; messages: string[] }): ApiError {
  return new ApiError(checked.error, {
    errors: checked.messages,
    response_metadata: { messages: checked.messages },
  });
}

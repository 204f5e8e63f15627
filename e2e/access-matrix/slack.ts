import type {
  RunningSlack,
  SlackChannel,
  SlackMessage,
  SlackUser,
} from '../../bots/fakes/slack-server/index.ts';
import { eventually } from '../../db/testing/eventually.ts';
import type { AccessHarness } from './harness.ts';
import { type AccessMatrix, attempt, cellsOf } from './matrix.ts';

interface Scene {
  readonly slack: RunningSlack;
  readonly ops: SlackChannel;
  readonly elsewhere: SlackChannel;
  /** Confirmations for the asker alone, and for a second person. */
  readonly question: SlackMessage;
  readonly forTwo: SlackMessage;
  /** Copy from before it was answered. */
  readonly usedUp: SlackMessage;
  readonly form: Parameters<RunningSlack['actions']['submit']>[1];
}

interface Somebody {
  readonly user: SlackUser;
  /** Fields that differ from deliveries of this workspace and app. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly event: Readonly<Record<string, unknown>>;
  readonly words: string;
}

const surfaces = {
  'a command': ({ slack, ops }: Scene, { user, words, payload }: Somebody) =>
    slack.actions.slash(user, ops, words, { payload }),
  'a command in a direct message': ({ slack }: Scene, { user, words, payload }: Somebody) =>
    slack.actions.slash(user, slack.server.workspace.direct(user), words, { payload }),
  'a command that opens a form': async ({ slack, ops }: Scene, { user, payload }: Somebody) => {
    await slack.actions.slash(user, ops, 'assign_task', { payload });
    if (slack.actions.openView(user) !== undefined) throw new Error('a form has opened');
  },
  'a mention': ({ slack, ops }: Scene, { user, words, payload, event }: Somebody) =>
    slack.actions.mention(user, ops, words, { payload, event }),
  'a direct message': ({ slack }: Scene, { user, words, payload, event }: Somebody) => {
    const { workspace } = slack.server;
    const message = {
      ...{ type: 'message', channel_type: 'im', channel: workspace.direct(user).id },
      ...{ user: user.id, team: user.team, text: words, ts: workspace.nextTs() },
    };
    return slack.actions.event({ ...message, ...event }, { payload });
  },
  'a button of somebody else': ({ slack, question }: Scene, { user, payload }: Somebody) =>
    slack.actions.press(user, question, 'Confirm', { payload }),
  'a button for two': ({ slack, forTwo }: Scene, { user, payload }: Somebody) =>
    slack.actions.press(user, forTwo, 'Approve', { payload }),
  'a button that is used up': ({ slack, usedUp }: Scene, { user, payload }: Somebody) =>
    slack.actions.press(user, usedUp, 'Confirm', { payload }),
  'a button that was taken to another channel': (
    { slack, question, elsewhere }: Scene,
    { user, payload }: Somebody,
  ) => slack.actions.press(user, { ...question, channel: elsewhere.id }, 'Confirm', { payload }),
  'a form of somebody else': ({ slack, form }: Scene, { user, payload }: Somebody) =>
    slack.actions.submit(user, form, { Title: 'Written by nobody' }, { payload: inView(form, payload) }),
  'a completion': async ({ slack, form }: Scene, { user, payload }: Somebody) => {
    const { options } = await slack.actions.suggest(user, form, 'Agent', 'k', {
      payload: inView(form, payload),
    });
    // The typed text itself is always among the options.
    if (options.some(({ value }) => value !== 'k')) throw new Error('something was completed');
  },
} as const;

type Surface = keyof typeof surfaces;
const elsewhere: Surface = 'a button that was taken to another channel';
const every = Object.keys(surfaces)
  .filter((name): name is Surface => name in surfaces)
  .filter((name) => name !== elsewhere);

const people = {
  'somebody who is not linked': every,
  'somebody whose link was revoked': every,
  'an admin of another tenant': every,
  'a delivery of another workspace': every,
  'a delivery for another app': every,
  'a guest over Slack Connect': every,
  'a bot': ['a mention', 'a direct message'],
  'somebody with the same rights': [
    'a button of somebody else',
    'a button that is used up',
    'a form of somebody else',
  ],
  'who asked': ['a button for two', elsewhere],
  'a viewer': every,
} as const satisfies Record<string, readonly Surface[]>;
const readers = ['somebody with the same rights', 'who asked', 'a viewer'] as const;

export const slackMatrix: AccessMatrix = {
  platform: 'slack',
  cells: cellsOf<keyof typeof people, Surface>(people, readers),
  async open(harness) {
    const { slack } = harness.platforms;
    const { workspace } = slack.server;
    const cast = await assemble(harness);
    const scene = await prepare(harness, cast['who asked']);
    return {
      accountOf: ({ person }) => cast[person]?.user.id ?? '',
      attempt: (cell) => attempt(cell, surfaces, scene, cast),
      read: async () => {
        const viewer = cast['a viewer'];
        if (viewer !== undefined) await slack.actions.slash(viewer.user, scene.ops, 'agents');
      },
      sent: () => [...slack.server.calls, ...workspace.views.filter((view) => view !== scene.form)],
    };
  },
};

async function assemble(harness: AccessHarness): Promise<Record<string, Somebody>> {
  const { workspace } = harness.platforms.slack.server;
  const tenant = await harness.stack.database.addTenant('slack-elsewhere');
  const cast: Record<string, Somebody> = {};
  const add = async (person: keyof typeof people, more: Partial<Somebody> = {}, team = workspace.team) => {
    const user = workspace.user(person.replaceAll(' ', '_'), team);
    const words = readers.some((reader) => reader === person) ? 'ping' : 'agents';
    cast[person] = { user, payload: {}, event: {}, words, ...more };
    return { install: workspace.team, user: user.id };
  };
  const strange = { team_id: 'T0ELSEWHERE', team: { id: 'T0ELSEWHERE', domain: 'elsewhere' } };
  await add('somebody who is not linked');
  await harness.link('slack', await add('somebody whose link was revoked'), 'admin', { revoked: true });
  await harness.link('slack', await add('an admin of another tenant'), 'admin', { tenant: tenant.id });
  await harness.link('slack', await add('a delivery of another workspace', { payload: strange }), 'admin');
  const otherApp = { payload: { api_app_id: 'A0ELSEWHERE' } };
  await harness.link('slack', await add('a delivery for another app', otherApp), 'admin');
  await harness.link('slack', await add('a guest over Slack Connect', {}, 'T0GUESTS'), 'admin');
  await harness.link('slack', await add('a bot', { event: { bot_id: 'B0ROBOT' } }), 'admin');
  await harness.link('slack', await add('somebody with the same rights'), 'operator');
  await harness.link('slack', await add('who asked'), 'operator');
  await harness.link('slack', await add('a viewer'), 'viewer');
  return cast;
}

async function prepare(harness: AccessHarness, asker: Somebody | undefined): Promise<Scene> {
  if (asker === undefined) throw new Error('nobody asks');
  const { slack } = harness.platforms;
  const { workspace } = slack.server;
  const { user } = asker;
  const ops = workspace.channel('ops', [...workspace.users.values()]);
  const other = workspace.channel('elsewhere', [user]);
  for (const { id } of [ops, other]) await harness.bind('slack', { install: workspace.team, channel: id });
  const ask = async (words: string, label: string): Promise<SlackMessage> => {
    await slack.actions.slash(user, ops, words);
    return eventually(() => {
      const last = workspace.visibleMessages(ops.id, user.id).at(-1);
      if (last === undefined || !workspace.render(last).text.includes(label))
        throw new Error('it did not ask');
      return last;
    });
  };
  const answered = await ask('restart gateway', '[Confirm]');
  const usedUp = { ...answered };
  await slack.actions.press(user, answered, 'Confirm');
  await eventually(() => {
    if (workspace.render(answered).text.includes('[Confirm]')) throw new Error('it still asks');
  });
  const question = await ask('restart gateway', '[Confirm]');
  const forTwo = await ask('restart dispatcher', '[Approve]');
  await slack.actions.slash(user, ops, 'create_task');
  const form = await eventually(() => {
    const opened = slack.actions.openView(user);
    if (opened === undefined) throw new Error('no form has opened');
    return opened;
  });
  return { slack, ops, elsewhere: other, question, forTwo, usedUp, form };
}

/** Puts the fields of another workspace into the view of a form. */
function inView(form: Scene['form'], payload: Somebody['payload']): Record<string, unknown> {
  const { team_id: team } = payload;
  if (team === undefined) return { ...payload };
  const view = { ...form.view, id: form.id, hash: form.hash, team_id: team, app_installed_team_id: team };
  return { ...payload, view: { ...view, state: { values: {} } } };
}

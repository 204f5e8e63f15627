import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderedText } from '../bots/fakes/discord-server/index.ts';
import {
  type BotsProcess,
  botAccount,
  type Platforms,
  startBots,
  startPlatforms,
} from '../bots/testing/bots-process.ts';
import { nilTenant } from '../db/testing/database.ts';
import { eventually } from '../db/testing/eventually.ts';
import { type StackMember, startTestStack, type TestStack } from '../local/testing/stack.ts';

type Who = 'asker' | 'colleague' | 'viewer';

/** A channel with three people in it, on one platform. */
interface Channel {
  say(who: Who, words: string): Promise<void>;
  /** Presses a button of the newest question, also one that is no longer there. */
  press(who: Who, label: string): Promise<void>;
  /** The newest question, as everybody in the channel sees it, and the buttons that it has. */
  card(): { readonly text: string; readonly buttons: readonly string[] };
}

let stack: TestStack;
let platforms: Platforms;
let bots: BotsProcess;

beforeAll(async () => {
  [stack, platforms] = await Promise.all([startTestStack(), startPlatforms()]);
  await stack.database.query(
    `insert into workspace (settings) values ('{"chat": {"second_person": ["restart_dispatcher"]}}')`,
  );
  bots = startBots({ ...(await botAccount(stack)), ...platforms.env });
  await bots.connected();
}, 120_000);
afterAll(async () => {
  bots?.child.kill('SIGTERM');
  await bots?.exit;
  await platforms?.close();
  await stack?.close();
});

type People = Readonly<Record<Who, StackMember>>;

/** Links three accounts and binds the channel. */
async function enter(
  platform: string,
  users: Readonly<Record<Who, string>>,
  install: string,
  place: readonly [string, string],
): Promise<People> {
  const link = async (user: string, role: 'viewer' | 'operator'): Promise<StackMember> => {
    const member = await stack.createMember(role);
    await stack.database.query(
      `insert into chat_identities (tenant_id, user_id, platform, install, chat_user) values ($1, $2, $3, $4, $5)`,
      [nilTenant, member.id, platform, install, user],
    );
    return member;
  };
  await stack.database.query(
    `insert into chat_channels (platform, install, channel, ceiling) values ($1, $2, $3, 'operator')`,
    [platform, ...place],
  );
  return {
    asker: await link(users.asker, 'operator'),
    colleague: await link(users.colleague, 'operator'),
    viewer: await link(users.viewer, 'viewer'),
  };
}

interface Scene {
  readonly people: People;
  readonly channel: Channel;
}

const question = /Restart the dispatcher/u;

async function inSlack(): Promise<Scene> {
  const { actions, server } = platforms.slack;
  const { workspace } = server;
  const users = { asker: workspace.user('a'), colleague: workspace.user('b'), viewer: workspace.user('c') };
  const ops = workspace.channel('ops', Object.values(users));
  const ids = { asker: users.asker.id, colleague: users.colleague.id, viewer: users.viewer.id };
  const people = await enter('slack', ids, workspace.team, [workspace.team, ops.id]);
  const newest = () => {
    const found = workspace
      .visibleMessages(ops.id)
      .findLast((one) => question.test(workspace.render(one).text));
    if (found === undefined) throw new Error('nothing was asked');
    return found;
  };
  let asked: ReturnType<typeof newest> | undefined;
  const channel: Channel = {
    say: async (who, words) => {
      await actions.slash(users[who], ops, words);
    },
    press: async (who, label) => {
      const now = newest();
      if (workspace.render(now).text.includes(`[${label}]`)) asked = { ...now };
      if (asked === undefined) throw new Error(`there never was a button ${label}`);
      await actions.press(users[who], asked, label);
    },
    card: () => {
      const { text } = workspace.render(newest());
      return { text, buttons: [...text.matchAll(/\[([^\]]+)\]/gu)].map(([, label]) => label ?? '') };
    },
  };
  return { people, channel };
}

async function inDiscord(): Promise<Scene> {
  const { discord } = platforms;
  const users = { asker: discord.user('a'), colleague: discord.user('b'), viewer: discord.user('c') };
  const ops = discord.channel('ops');
  const ids = { asker: users.asker.id, colleague: users.colleague.id, viewer: users.viewer.id };
  const people = await enter('discord', ids, '', [ops.guild ?? '', ops.channel]);
  const newest = () => {
    const found = discord.messages(ops).findLast((one) => question.test(renderedText(one)));
    if (found === undefined) throw new Error('nothing was asked');
    return found;
  };
  let asked: ReturnType<typeof newest> | undefined;
  const channel: Channel = {
    say: async (who, words) => {
      await discord.slash(users[who], ops, `gateway ${words.replaceAll(' ', '_')}`);
    },
    press: async (who, label) => {
      const now = newest();
      if (renderedText(now).includes(`[${label}]`)) asked = { ...now };
      if (asked === undefined) throw new Error(`there never was a button ${label}`);
      await discord.press(users[who], asked, label);
    },
    card: () => {
      const text = renderedText(newest());
      return { text, buttons: [...text.matchAll(/\[([^\]]+)\]/gu)].map(([, label]) => label ?? '') };
    },
  };
  return { people, channel };
}

async function inTelegram(): Promise<Scene> {
  const { telegram } = platforms;
  const users = {
    asker: telegram.person('A'),
    colleague: telegram.person('B'),
    viewer: telegram.person('C'),
  };
  const ops = telegram.group('Ops', Object.values(users), 'supergroup');
  const install = String(telegram.bot.id);
  const ids = {
    asker: `${users.asker.id}`,
    colleague: `${users.colleague.id}`,
    viewer: `${users.viewer.id}`,
  };
  const people = await enter('telegram', ids, install, [install, String(ops.id)]);
  const newest = () => {
    const found = telegram.messages(ops).findLast(({ text }) => question.test(text));
    if (found === undefined) throw new Error('nothing was asked');
    return found;
  };
  const channel: Channel = {
    say: async (who, words) => {
      telegram.write(users[who], ops, `/hq ${words}`);
    },
    press: async (who, label) => {
      telegram.press(users[who], newest(), label, !newest().buttons.flat().includes(label));
    },
    card: () => ({ text: newest().text, buttons: newest().buttons.flat() }),
  };
  return { people, channel };
}

async function ask({ channel }: Scene): Promise<void> {
  await channel.say('asker', 'restart dispatcher');
  await eventually(() => expect(channel.card().buttons).toEqual(['Approve', 'Refuse']));
}

/** Returns the commands of these people, and who confirmed them. */
const commandsOf = ({ people }: Scene) =>
  stack.database.query<{ requested_by: string; agreed: string }>(
    `select requested_by, meta #>> '{chat,confirmed_by}' as agreed from agent_commands where requested_by = any($1)`,
    [Object.values(people).map(({ id }) => id)],
  );
const refusalsOf = async ({ people }: Scene, who: Who): Promise<number> =>
  (
    await stack.database.query(
      `select 1 from audit_log where action = 'chat.refused' and actor_user_id = $1`,
      [people[who].id],
    )
  ).length;

describe.each([
  ['Slack', inSlack],
  ['Discord', inDiscord],
  ['Telegram', inTelegram],
] as const)('an action that needs a second person, in %s,', { timeout: 120_000 }, (_name, open) => {
  let scene: Scene;

  beforeAll(async () => {
    scene = await open();
  }, 60_000);

  it('waits for another operator, runs once, and shows who confirmed it and when', async () => {
    const { channel, people } = scene;
    await ask(scene);
    expect(channel.card().text).toContain(`Requested by ${people.asker.email}.`);
    for (const who of ['asker', 'viewer'] as const) {
      await channel.press(who, 'Approve');
      await eventually(async () => expect(await refusalsOf(scene, who)).toBe(1));
    }
    expect(await commandsOf(scene)).toEqual([]);
    expect(channel.card().buttons).toEqual(['Approve', 'Refuse']);

    await channel.press('colleague', 'Approve');
    await eventually(() => {
      expect(channel.card().text).toMatch(
        new RegExp(`confirmed by ${people.colleague.email}, \\d\\d:\\d\\d UTC`, 'u'),
      );
      expect(channel.card().buttons).not.toContain('Approve');
      expect(channel.card().buttons).not.toContain('Refuse');
    });
    expect(await commandsOf(scene)).toEqual([{ requested_by: people.asker.id, agreed: people.colleague.id }]);

    await channel.press('colleague', 'Approve');
    await channel.press('asker', 'Refuse');
    await eventually(async () => expect(await refusalsOf(scene, 'asker')).toBe(2));
    expect(await commandsOf(scene)).toHaveLength(1);
  });

  it('does not run after a refusal, and shows who refused', async () => {
    const { channel, people } = scene;
    const before = await commandsOf(scene);
    await ask(scene);
    await channel.press('colleague', 'Refuse');
    await eventually(() => {
      expect(channel.card().text).toMatch(
        new RegExp(`declined by ${people.colleague.email}, \\d\\d:\\d\\d UTC`, 'u'),
      );
      expect(channel.card().buttons).toEqual([]);
    });
    expect(await commandsOf(scene)).toEqual(before);
  });
});

import { actionNames, catalogue } from '@hq/shared/actions';
import { createLog } from '@hq/shared/log';
import { createRedactor } from '@hq/shared/text';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { renderedText } from '../bots/fakes/discord-server/index.ts';
import type { Adapter } from '../bots/src/contract/adapter.ts';
import { platformModules } from '../bots/src/platforms/index.ts';
import { type Platforms, startPlatforms } from '../bots/testing/bots-process.ts';
import { type ChatTestStack, openChatStack } from '../bots/testing/chat-stack.ts';
import { TestAdapter } from '../bots/testing/test-adapter.ts';
import { nilTenant } from '../db/testing/database.ts';
import { eventually } from '../db/testing/eventually.ts';
import { loadCommands } from '../tui/src/cli/commands/index.ts';
import { openConsole } from '../tui/src/cli/output/console.ts';
import { createProgram } from '../tui/src/cli/program.ts';
import { matchingEntries, paletteEntries } from '../tui/src/dialogs/palette-entries.ts';

// The only code that a new action needs.
vi.mock('../shared/src/actions/catalogue.ts', async (original) => {
  const { z } = await import('zod');
  const real = await original<typeof import('../shared/src/actions/catalogue.ts')>();
  const renameReport = {
    ...real.catalogue.create_task,
    title: 'Rename a report',
    summary: 'Gives a report another title.',
    payload: z.strictObject({ title: z.string().describe('The new title') }),
  };
  return {
    ...real,
    catalogue: { ...real.catalogue, rename_report: renameReport },
    actionNames: [...real.actionNames, 'rename_report'],
    isActionName: (name: string) => name === 'rename_report' || real.isActionName(name),
  };
});

let chat: ChatTestStack;
let platforms: Platforms;
const adapters: Adapter[] = [];

beforeAll(async () => {
  [chat, platforms] = await Promise.all([openChatStack(), startPlatforms()]);
  // `hq-db migrate` writes the catalogue into this table.
  await chat.stack.database.query(
    `insert into hq.actions select (jsonb_populate_record(a, '{"name": "rename_report"}')).* from hq.actions a where name = 'create_task'`,
  );
  const { core } = await chat.open({ actions: catalogue }, [new TestAdapter('slack')]);
  for (const module of platformModules) {
    // A platform without a fake server here has no settings; the loop over all platforms is in commands.test.ts.
    const adapter = await module
      .configure(platforms.env)
      ?.create({ log: createLog('silent', createRedactor([])) });
    if (adapter === undefined) continue;
    adapters.push(adapter);
    core.attach(adapter);
    await adapter.start(core.dispatcher);
    expect(await adapter.describeCommands(core.commands)).toMatchObject({ ok: true });
  }
}, 120_000);
afterAll(async () => {
  await Promise.all(adapters.map((adapter) => adapter.stop()));
  await platforms?.close();
  await chat?.close();
});

async function linked(platform: string, user: string, install: string): Promise<void> {
  const member = await chat.stack.createMember('operator');
  await chat.stack.database.query(
    `insert into chat_identities (tenant_id, user_id, platform, install, chat_user) values ($1, $2, $3, $4, $5)`,
    [nilTenant, member.id, platform, install, user],
  );
}

describe('a new action of the catalogue', { timeout: 120_000 }, () => {
  it('is in the catalogue', () => {
    expect(actionNames).toContain('rename_report');
  });

  it('is in the palette of the terminal', () => {
    expect(matchingEntries(paletteEntries([]), 'renrep')[0]).toMatchObject({
      name: 'rename_report',
      title: 'Rename a report',
    });
  });

  it('is a command of the command line, with help', async () => {
    const program = createProgram(
      openConsole(process),
      await loadCommands(['run']),
      '0',
      async () => undefined,
    );
    const run = program.commands.find((command) => command.name() === 'run');
    const found = run?.commands.find((command) => command.name() === 'rename_report');
    expect(found?.description()).toBe('Rename a report');
    expect(found?.alias()).toBe('rename-report');
    expect(found?.options.map(({ long }) => long)).toContain('--set');
  });

  it('is in Slack: in help, and in a form', async () => {
    const { slack } = platforms;
    const ann = slack.server.workspace.user('ann');
    await linked('slack', ann.id, slack.server.workspace.team);
    const direct = slack.server.workspace.direct(ann);
    await slack.actions.slash(ann, direct, 'help work');
    await eventually(() => {
      const seen = slack.server.workspace.visibleMessages(direct.id, ann.id);
      const text = seen.map((one) => slack.server.workspace.render(one).text).join('\n');
      expect(text).toContain('rename_report Gives a report another title.');
    });
    await slack.actions.slash(ann, direct, 'rename report');
    await eventually(() => expect(JSON.stringify(slack.server.workspace.views)).toContain('Rename a report'));
  });

  it('is in Discord: in the options, in help, and in a form', async () => {
    const { discord } = platforms;
    const ben = discord.user('ben');
    await linked('discord', ben.id, '');
    expect(JSON.stringify(discord.commands)).toContain('rename_report');
    const work = await discord.slash(ben, discord.direct(ben), 'help', { topic: 'work' });
    await discord.until(
      () => work.message !== null && renderedText(work.message).includes('Gives a report another title.'),
    );
    const topic = await discord.complete(ben, discord.direct(ben), 'help', { topic: 'rename' }, 'topic');
    expect(JSON.stringify(topic)).toContain('rename_report');
  });

  it('is in Telegram: in the menu, in help, and as a question', async () => {
    const { telegram } = platforms;
    const cat = telegram.person('Cat');
    await linked('telegram', String(cat.id), String(telegram.bot.id));
    const chat = telegram.direct(cat);
    const seen = (): string =>
      telegram
        .messages(chat)
        .map(({ text }) => text)
        .join('\n');
    telegram.write(cat, chat, '/hq help work');
    await eventually(() => expect(seen()).toContain('rename_report Gives a report another title.'));
    await eventually(() =>
      expect(telegram.commands(`chat ${chat.id}`).map(({ command }) => command)).toContain(
        'hq_rename_report',
      ),
    );
    telegram.write(cat, chat, '/hq_rename_report');
    await eventually(() => expect(telegram.last(chat).text).toContain('Reply to this message to answer.'));
  });
});

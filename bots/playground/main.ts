/** `npm run chat`: hq-bots on the HQ that `npm start` runs, a chat platform that runs here too, and this terminal as somebody who chats. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultDataDirectory } from '../../local/src/data-directory.ts';
import { type RunningStack, readRunFile } from '../../local/src/run-file.ts';
import { ensureBuilt } from '../../scripts/build.ts';
import { discordFace } from './discord.ts';
import type { SimulatedPlatform } from './platform.ts';
import { slackFace } from './slack.ts';
import { telegramFace } from './telegram.ts';
import { converse } from './terminal.ts';

const faces = new Map<string, () => Promise<SimulatedPlatform>>([
  ['telegram', telegramFace],
  ['slack', slackFace],
  ['discord', discordFace],
]);
const shipped = fileURLToPath(new URL('../bin/hq-bots.mjs', import.meta.url));
const runFile = process.env.HQ_RUN_FILE || join(defaultDataDirectory(process.env), 'run.json');

async function main(): Promise<number> {
  const [platform = 'telegram'] = process.argv.slice(2);
  const open = faces.get(platform);
  if (open === undefined) {
    process.stderr.write(`hq: usage: npm run chat -- ${[...faces.keys()].join('|')}\n`);
    return 2;
  }
  const hq = await readRunFile(runFile, undefined);
  if (hq === undefined) {
    process.stderr.write(
      `hq: No HQ runs here: ${runFile} is not there. Start one with npm start, or name its file in HQ_RUN_FILE.\n`,
    );
    return 1;
  }
  await ensureBuilt('hq-bots');
  const simulated = await open();
  const bots = spawn(shipped, [], {
    env: {
      PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
      ...simulated.env,
      ...accountOf(hq),
      HQ_PARENT: 'stdin',
    },
    // Its standard input ends with this process, and it with that.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(bots, 'exit');
  try {
    return await converse(simulated, bots);
  } finally {
    bots.kill('SIGTERM');
    await ended;
    await simulated.close();
  }
}

function accountOf({ url, anonKey, botEmail, botPassword }: RunningStack): Readonly<Record<string, string>> {
  return {
    SUPABASE_URL: url,
    SUPABASE_ANON_KEY: anonKey,
    HQ_BOT_EMAIL: botEmail,
    HQ_BOT_PASSWORD: botPassword,
  };
}

process.exitCode = await main();

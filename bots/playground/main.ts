/** `npm run chat`: connects hq-bots to the HQ of `npm start` and to a simulated chat platform. This terminal is the user of the chat. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultDataDirectory } from '../../local/src/data-directory.ts';
import { type RunningStack, readRunFile } from '../../local/src/run-file.ts';
import { ensureBuilt } from '../../scripts/build.ts';
import { simulateDiscord } from './discord.ts';
import type { SimulatedPlatform } from './platform.ts';
import { simulateSlack } from './slack.ts';
import { simulateTelegram } from './telegram.ts';
import { runTerminal } from './terminal.ts';

const simulations = new Map<string, () => Promise<SimulatedPlatform>>([
  ['telegram', simulateTelegram],
  ['slack', simulateSlack],
  ['discord', simulateDiscord],
]);
const program = fileURLToPath(new URL('../bin/hq-bots.mjs', import.meta.url));
const runFile = process.env.HQ_RUN_FILE || join(defaultDataDirectory(process.env), 'run.json');

async function main(): Promise<number> {
  const [platform = 'telegram'] = process.argv.slice(2);
  const simulate = simulations.get(platform);
  if (simulate === undefined) {
    process.stderr.write(`hq: usage: npm run chat -- ${[...simulations.keys()].join('|')}\n`);
    return 2;
  }
  const hq = await readRunFile(runFile, undefined);
  if (hq === undefined) {
    process.stderr.write(
      `hq: No HQ runs here: ${runFile} does not exist. Start HQ with npm start, or set HQ_RUN_FILE to its run file.\n`,
    );
    return 1;
  }
  await ensureBuilt('hq-bots');
  const simulated = await simulate();
  const bots = spawn(program, [], {
    env: {
      PATH: `${dirname(process.execPath)}:${process.env.PATH ?? ''}`,
      ...simulated.env,
      ...accountOf(hq),
      HQ_PARENT: 'stdin',
    },
    // HQ_PARENT ends the child at the end of its standard input, also if this process is killed.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(bots, 'exit');
  try {
    return await runTerminal(simulated, bots);
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

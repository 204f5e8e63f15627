import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { startTestGateway, type TestGateway } from '../gateway/testing/openclaw-gateway.ts';

/** Values of the home, which must never be printed. */
export const homeSecrets = {
  botToken: '123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0',
  providerKey: 'sk-ant-api03-a-key-of-the-home-that-nobody-may-see-0123456789',
} as const;

const config = z.record(z.string(), z.json());

/**
 * Runs the real OpenClaw as an operator has it by themselves: three agents, a bot, a key, jobs and files. It runs until
 * `stop`, after which `openclaw.json` has comments and an include.
 */
export async function startOwnOpenClaw(): Promise<TestGateway> {
  const gateway = await startPatiently({
    modelUrl: 'http://127.0.0.1:9/v1',
    config: (stateDir) => ({
      agents: {
        ownership: 'explicit',
        defaults: { model: { primary: 'rehearsal/script' }, heartbeat: { every: '0m' }, skipBootstrap: true },
        entries: {
          main: { name: 'Maya', identity: { name: 'Maya', emoji: '🦊' } },
          scout: { name: 'Scout', thinkingDefault: 'high', workspace: join(stateDir, 'workspace-scout') },
          first: { name: 'First' },
        },
      },
      channels: {
        telegram: {
          enabled: true,
          accounts: { scouts: { botToken: homeSecrets.botToken, enabled: false, allowFrom: ['555'] } },
        },
      },
      bindings: [{ type: 'route', agentId: 'scout', match: { channel: 'telegram', accountId: 'scouts' } }],
      plugins: { allow: ['telegram'], slots: { memory: 'none' } },
    }),
  });
  writeWorkspaces(gateway.stateDir);
  await gateway.call('models.authSetApiKey', {
    ...{ provider: 'anthropic', apiKey: homeSecrets.providerKey, agentId: 'scout' },
  });
  await gateway.call('cron.add', {
    ...{ name: 'morning', agentId: 'scout', enabled: true, sessionTarget: 'isolated', wakeMode: 'now' },
    schedule: { kind: 'cron', expr: '0 7 * * *', tz: 'Europe/Paris' },
    ...{ payload: { kind: 'agentTurn', message: 'Write the report.' }, delivery: { mode: 'none' } },
  });
  return gateway;
}

/** OpenClaw gives up where the machine is so busy that its own lease expires: it is started again. */
async function startPatiently(options: Parameters<typeof startTestGateway>[0]): Promise<TestGateway> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startTestGateway(options);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

function writeWorkspaces(stateDir: string): void {
  const write = (path: string, text: string) => {
    mkdirSync(join(stateDir, path, '..'), { recursive: true });
    writeFileSync(join(stateDir, path), text);
  };
  write('workspace/SOUL.md', 'Maya is calm.\n');
  write('workspace/memory/2026-11-30.md', 'The operator likes tea.\n');
  write('workspace/memory/two\nlines.md', 'A name with a line break.\n');
  write('workspace/node_modules/left/index.js', 'left out\n');
  write('workspace-scout/SOUL.md', 'Scout finds things.\n');
  symlinkSync('/etc/passwd', join(stateDir, 'workspace', 'outside'));
  symlinkSync('SOUL.md', join(stateDir, 'workspace', 'inside.md'));
}

/** Writes the configuration as people do: with comments, an include and the bot switched on. */
export function editConfig(stateDir: string): void {
  const file = join(stateDir, 'openclaw.json');
  const { agents, channels, ...others } = config.parse(JSON.parse(readFileSync(file, 'utf8')));
  const on = JSON.stringify(channels).replace('"enabled":false', '"enabled":true');
  writeFileSync(join(stateDir, 'agents.json5'), `// Everyone.\n${JSON.stringify(agents)}`);
  const rest = JSON.stringify(others, null, 2).replace(/\n\}$/, '');
  writeFileSync(
    file,
    `// My OpenClaw.\n${rest},\n  agents: { $include: './agents.json5' }, // see there\n  channels: ${on},\n}\n`,
  );
}

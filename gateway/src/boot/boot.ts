import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Variables } from '@hq/shared/environment';
import { type Log, logOutput } from '@hq/shared/log';
import { freePort, readPrivate, sleep, writePrivate } from '@hq/shared/program';
import type { Redactor } from '@hq/shared/text';
import { findHostSupport, type HostSupport } from '../../plugin/sandbox/host-support.ts';
import { prepareRepository } from '../agents/index.ts';
import type { GatewayPaths, Settings } from '../environment.ts';
import { OpenClawClient } from '../openclaw/client.ts';
import { OpenClawProcess } from '../openclaw/process.ts';
import { type RehearsalServer, startRehearsal } from '../rehearsal/rehearsal.ts';
import type { BaseConfigOptions } from './base-config.ts';
import { removeBrowserLocks } from './browser-locks.ts';
import type { ChannelBreaker } from './channel-breaker.ts';
import { type ConfigurationChange, prepareConfiguration, writeAsJson } from './configuration.ts';
import { gatewayFile } from './gateway-file.ts';
import { missingFeatures, tooOld } from './handshake.ts';
import { openClawEnvironment } from './openclaw-environment.ts';
import { stopOrphan } from './orphan.ts';
import { hashOfConfig, RecentStarts, waitBeforeStart } from './recent-starts.ts';
import type { BootSteps } from './steps.ts';
import { readToken } from './token.ts';

export interface BootOptions {
  readonly settings: Settings;
  readonly variables: Variables;
  readonly steps: BootSteps;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly breaker: ChannelBreaker;
  /** Ends the start. */
  readonly signal: AbortSignal;
  /** Receives what has started, for the end of a start that fails. */
  readonly onStarted: (started: Started) => void;
}

export type Started = OpenClawProcess | OpenClawClient | RehearsalServer;

export interface BootedOpenClaw {
  /** Jails and browsers that the host allows. */
  readonly host: HostSupport;
  /** Port on loopback that leads to the browsers of agents. */
  readonly browserPort: number;
  readonly process: OpenClawProcess;
  readonly client: OpenClawClient;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Starts OpenClaw with everything it needs; the state is locked already. Each step may be killed at any moment: the next
 * start does it again. Returns an exit code where OpenClaw ended. Throws `failed` for an OpenClaw that HQ cannot use.
 */
export async function boot(options: BootOptions): Promise<BootedOpenClaw | number> {
  const { settings, variables, steps, log, redactor, signal, onStarted } = options;
  const { paths, port } = settings;
  const orphan = await steps.run('orphan', () => stopOrphan(paths));
  if (orphan !== null) log.warn({ pid: orphan }, 'stopped the OpenClaw of a killed hq-gateway');
  const token = await steps.run('token', () => readToken(paths.token));
  redactor.learn([token]);
  const rehearsal = settings.isRehearsal ? await steps.run('rehearsal', () => startRehearsal(paths)) : null;
  if (rehearsal !== null) {
    onStarted(rehearsal);
    log.warn({ port: rehearsal.port }, 'this is a rehearsal: a script answers instead of a model');
  }
  const host = await steps.run('confinement', findHostSupport);
  if (host.reason !== null) log.warn({ exec: host.exec, browser: host.browser }, host.reason);
  const browserPort = await steps.run('browser port', () => chooseBrowserPort(paths));
  const configOptions = configOptionsOf(settings, browserPort, rehearsal);
  const env = openClawEnvironment(variables, paths, token);
  const prepare = () => prepareConfiguration(paths.config, configOptions);
  const change = await steps.run('configuration', prepare);
  logChange(log, change);
  if (change.kind === 'unread') {
    await steps.run('configuration as JSON', () => writeAsJson(paths.config, env, signal));
    logChange(log, await prepare());
  }
  if (settings.api === null)
    log.warn('agents have no tools of HQ: SUPABASE_URL and SUPABASE_ANON_KEY are not set');
  const locks = await steps.run('browser locks', () => removeBrowserLocks(paths.browsers));
  if (locks > 0) log.info({ locks }, 'removed stale locks of browsers');
  await steps.run('earlier starts', () => waitAfterCrashes(options));

  // Agents need them once OpenClaw is ready, which takes longer.
  const templates = prepareTemplates(options);
  const process = await steps.run('openclaw', async () => {
    const redacted = redactor.lines();
    const onLine = (line: string) => {
      options.breaker.read(line);
      logOutput.write(`${redacted(line)}\n`);
    };
    const started = await OpenClawProcess.start({
      port,
      env,
      cwd: paths.state,
      pidFile: paths.openClawProcess,
      onLine,
    });
    onStarted(started);
    return (await started.waitUntilStarted(signal)) ? started : await started.exited;
  });
  if (typeof process === 'number') return process;
  const client = new OpenClawClient(port, token, log);
  onStarted(client);
  const handshake = steps.run('handshake', async () => {
    const { server } = await client.connected(signal);
    const missing = await missingFeatures(client, signal);
    if (missing.length > 0) throw tooOld(server.version, missing);
  });
  // Another process may have taken the port and listen there: the handshake would wait for OpenClaw forever.
  const ended = await Promise.race([handshake.then(() => null), process.exited]);
  if (ended !== null) {
    handshake.catch(() => undefined);
    return ended;
  }
  await steps.run('repository', () => templates);
  return { host, browserPort, process, client, env };
}

/** Agents begin with these templates. A gateway whose templates cannot be renewed works with the earlier ones. */
async function prepareTemplates({ settings, log }: BootOptions): Promise<void> {
  try {
    const { templates, problem } = await prepareRepository({
      stateDirectory: settings.paths.state,
      templatesDirectory: gatewayFile('templates'),
      templatesSource: settings.templatesSource,
    });
    log.info({ templates: templates.length }, 'the templates of agents are there');
    if (problem !== null) log.warn(problem);
  } catch (error) {
    log.error({ err: error }, 'the repository of the agents could not be prepared');
  }
}

/** Waits where starts keep failing, so that a gateway that cannot work does not use a core for its attempts. */
async function waitAfterCrashes({ settings, steps, log, signal }: BootOptions): Promise<void> {
  const starts = new RecentStarts(settings.paths.starts);
  const config = hashOfConfig((await readPrivate(settings.paths.config)) ?? '');
  const waitMs = waitBeforeStart(await starts.read(), config, Date.now());
  if (waitMs > 0) {
    const seconds = Math.round(waitMs / 1_000);
    const words = `waiting ${seconds} s, because the last starts ended by themselves`;
    steps.say(words);
    log.error({ waitMs, hint: 'A changed openclaw.json, or a stop by request, ends the wait.' }, words);
    await sleep(waitMs, signal);
    signal.throwIfAborted();
  }
  await starts.add(config, Date.now());
}

/** Keeps the port of the last start where it is free, since it is in the configuration of each agent's browser. */
async function chooseBrowserPort({ browserPort: file, state }: GatewayPaths): Promise<number> {
  const last = Number.parseInt((await readPrivate(file)) ?? '', 10);
  const port = await freePort(last > 0 && last <= 65_535 ? last : firstBrowserPort(state));
  if (port !== last) await writePrivate(file, `${port}\n`);
  return port;
}

/**
 * Returns another port for each state directory, so that gateways that start together on one host do not choose the same.
 * The range lies below the ports that systems give to outgoing connections.
 */
function firstBrowserPort(stateDirectory: string): number {
  return 20_000 + (createHash('sha256').update(stateDirectory).digest().readUInt16BE() % 10_000);
}

function configOptionsOf(
  { paths, api, modelServer }: Settings,
  browserPort: number,
  rehearsal: RehearsalServer | null,
): BaseConfigOptions {
  const directory = gatewayFile('plugin');
  const isThere = existsSync(join(directory, 'openclaw.plugin.json'));
  const config = {
    stateDir: paths.state,
    browserPort,
    ...(api === null ? {} : { supabaseUrl: api.url, anonKey: api.anonKey }),
  };
  return {
    plugin: isThere ? { directory, config } : null,
    rehearsalPort: rehearsal?.port ?? null,
    modelServer,
  };
}

function logChange(log: Log, change: ConfigurationChange): void {
  if (change.kind === 'created') log.info('wrote the first configuration of OpenClaw');
  if (change.kind === 'patched') log.info({ paths: change.paths }, 'restored settings of OpenClaw');
  if (change.kind === 'unread')
    log.info('the configuration is no plain JSON: OpenClaw writes it as such, without its comments');
}

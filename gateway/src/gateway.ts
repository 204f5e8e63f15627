import { dirname } from 'node:path';
import type { Variables } from '@hq/shared/environment';
import { HqError } from '@hq/shared/errors';
import type { GatewayStatus } from '@hq/shared/gateway';
import type { Log } from '@hq/shared/log';
import type { Redactor } from '@hq/shared/text';
import { agentRecords } from '../plugin/agent-records.ts';
import { createAgentApi } from '../plugin/hq-api/agent-api.ts';
import { confinedSettings } from './agents/confined-settings.ts';
import { type AgentsContext, AgentsHealth, openContext, watchConfig } from './agents/index.ts';
import { type BootedOpenClaw, boot, type Started } from './boot/boot.ts';
import { ChannelBreaker } from './boot/channel-breaker.ts';
import { createDirectories } from './boot/directories.ts';
import { RecentStarts, restartProblem } from './boot/recent-starts.ts';
import { lockState } from './boot/state-lock.ts';
import { BootSteps } from './boot/steps.ts';
import { agentRoutes } from './control/agent-routes.ts';
import { callsRoute } from './control/calls-route.ts';
import { readConfinement } from './control/confinement.ts';
import { importRoutes } from './control/import-routes.ts';
import type { Route } from './control/route.ts';
import { type ControlServer, serveControl } from './control/server.ts';
import { statusRoute } from './control/status-route.ts';
import { turnRoutes } from './control/turn-routes.ts';
import type { Settings } from './environment.ts';
import { OpenClawProcess } from './openclaw/process.ts';
import type { ReadyOpenClaw } from './ready-openclaw.ts';
import { releaseItems } from './release-items.ts';
import type { StopRequest } from './stop-request.ts';
import { managedAgents } from './turns/find-agent.ts';
import { endTurns, gatewayStops } from './turns/running-turns.ts';

/** Milliseconds that OpenClaw may take to end once no turn runs. */
const openClawGraceMs = 30_000;
const hurriedGraceMs = 5_000;
const hurriedTurnMs = 0;
/** Milliseconds that open requests may take to be answered. */
const answersMs = 3_000;

export interface GatewayOptions {
  readonly settings: Settings;
  readonly variables: Variables;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly stop: StopRequest;
  /** Called before each step of the start. */
  readonly onStep?: (name: string) => void;
}

/** Runs OpenClaw and the control API until OpenClaw ends or a stop is requested. Returns the exit code. */
export async function runGateway(options: GatewayOptions): Promise<number> {
  const { settings, log, onStep } = options;
  const { paths } = settings;
  const steps = new BootSteps(log, onStep);
  await steps.run('directories', () => createDirectories(paths));
  using _lock = await steps.run('lock', () => lockState(paths));
  const gateway = new Gateway(options, steps);
  const control = await steps.run('control', () => serveControl(paths.controlSocket, gateway.routes(), log));
  try {
    return await gateway.run(control);
  } finally {
    control.close();
  }
}

/** The parts of a running gateway. */
class Gateway {
  readonly #options: GatewayOptions;
  readonly #steps: BootSteps;
  readonly #started: Started[] = [];
  #openclaw: BootedOpenClaw | null = null;
  #agents: AgentsContext | null = null;
  #health: AgentsHealth | null = null;
  #isStopping = false;
  readonly #breaker = new ChannelBreaker();
  readonly #startedAt = Date.now();
  #readySince: number | null = null;
  #stopWatching: () => Promise<void> = () => Promise.resolve();

  constructor(options: GatewayOptions, steps: BootSteps) {
    this.#options = options;
    this.#steps = steps;
  }

  routes(): readonly Route[] {
    const { paths } = this.#options.settings;
    const ready = () => this.#ready();
    return [
      statusRoute(() => this.#status()),
      callsRoute(ready),
      ...turnRoutes({ openclaw: () => this.#readyForTurns(), paths, isStopping: () => this.#isStopping }),
      ...agentRoutes({ agents: () => this.#agentsContext(), health: () => this.#agentsHealth() }),
      ...importRoutes(paths.state),
    ];
  }

  async run(control: ControlServer): Promise<number> {
    const { settings, stop, log } = this.#options;
    try {
      const booted = await boot({
        ...this.#options,
        steps: this.#steps,
        breaker: this.#breaker,
        signal: stop.requested,
        onStarted: (started) => void this.#started.push(started),
      });
      if (typeof booted === 'number') {
        log.fatal({ exitCode: booted }, 'OpenClaw ended before it was ready');
        return booted;
      }
      this.#agents = await this.#openAgents(booted);
      this.#health = new AgentsHealth(this.#agents, booted.client);
      this.#openclaw = booted;
      this.#readySince = Date.now();
      this.#stopWatching = watchConfig(this.#agents, booted.client, log);
      log.info({ port: settings.port, steps: this.#steps.done }, 'ready');
      const exitCode = await Promise.race([booted.process.exited, aborted(stop.requested)]);
      if (exitCode !== null) {
        log.fatal({ exitCode }, 'OpenClaw ended by itself');
        return exitCode;
      }
      return await this.#stop(booted, control);
    } catch (error) {
      if (!stop.requested.aborted) throw error;
      return 0;
    } finally {
      await this.#close();
    }
  }

  /** Ends the running turns, gives back what agents had taken, and stops OpenClaw. */
  async #stop({ client, process }: BootedOpenClaw, control: ControlServer): Promise<number> {
    const { settings, stop, log } = this.#options;
    this.#isStopping = true;
    void this.#stopWatching();
    const graceMs = stop.hurried.aborted ? hurriedTurnMs : settings.turnGraceMs;
    try {
      const sessions = await endTurns(client, graceMs, stop.hurried);
      if (sessions.length > 0) log.warn({ sessions }, 'aborted turns that had not ended');
    } catch (error) {
      log.warn({ err: error }, 'the running turns could not be ended');
    }
    if (settings.api !== null) {
      const records = agentRecords(settings.paths.state, (sentence) => log.warn(sentence));
      const { url: supabaseUrl, anonKey } = settings.api;
      const api = createAgentApi({ supabaseUrl, anonKey });
      for (const { slug, items, fault } of await releaseItems(records, api)) {
        if (fault !== null) log.warn({ agent: slug, fault }, 'its items could not be given back');
        else if (items > 0) log.info({ agent: slug, items }, 'gave back the items it had taken');
      }
    }
    // Aborted turns still have to tell their clients.
    await control.idle(answersMs);
    client.close();
    return process.stop(stop.hurried.aborted ? hurriedGraceMs : openClawGraceMs);
  }

  /** Ends what a start or a failed start left. A request to stop is no failed start. */
  async #close(): Promise<void> {
    const { settings, stop } = this.#options;
    this.#openclaw = null;
    for (const started of this.#started.toReversed()) {
      if (started instanceof OpenClawProcess) await started.stop(openClawGraceMs);
      else started.close();
    }
    if (stop.requested.aborted) await new RecentStarts(settings.paths.starts).clear();
  }

  #ready(): ReadyOpenClaw {
    if (this.#openclaw !== null) return this.#openclaw;
    const doing = this.#steps.doing;
    throw new HqError('unreachable', `OpenClaw is not ready${doing === null ? '' : ` (${doing})`}.`, {
      hint: 'Wait until the gateway is healthy; its log has the steps of its start.',
    });
  }

  #openAgents({ host, browserPort, client }: BootedOpenClaw): Promise<AgentsContext> {
    const { settings, variables, stop, log } = this.#options;
    const { paths } = settings;
    const confined = confinedSettings(paths.state, host, browserPort);
    return openContext({
      stateDirectory: paths.state,
      home: variables.HOME ?? dirname(paths.state),
      openclaw: () => client,
      settings: () => Promise.resolve(confined),
      closed: stop.requested,
      onFault: (error) => log.error({ err: error }, 'a change of the agents failed'),
    });
  }

  #agentsContext(): AgentsContext {
    if (this.#agents !== null) return this.#agents;
    this.#ready();
    throw new HqError('unreachable', 'The agents are not ready.');
  }

  #agentsHealth(): AgentsHealth {
    if (this.#health !== null) return this.#health;
    this.#ready();
    throw new HqError('unreachable', 'The agents are not ready.');
  }

  #readyForTurns(): ReadyOpenClaw {
    if (this.#isStopping) throw gatewayStops();
    return this.#ready();
  }

  async #status(): Promise<GatewayStatus> {
    const { settings } = this.#options;
    const agents = await managedAgents(settings.paths.agents);
    const starts = await new RecentStarts(settings.paths.starts).read();
    const run = {
      startedAt: this.#startedAt,
      readySince: this.#readySince,
      areChannelsOff: this.#breaker.isTripped,
    };
    return {
      ready: this.#openclaw?.client.hello != null && !this.#isStopping,
      version: this.#openclaw?.client.hello?.server.version ?? null,
      doing: this.#steps.doing,
      agents: [...agents.keys()].sort(),
      confinement: await readConfinement(this.#openclaw?.client ?? null),
      steps: [...this.#steps.done],
      missing: [],
      problem: restartProblem(starts, run, Date.now()),
      rehearsal: settings.isRehearsal,
    };
  }
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

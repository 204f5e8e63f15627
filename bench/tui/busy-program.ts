/**
 * The terminal face on a house that is as large and as busy as the environment says. Rows change the way live queries hand
 * them on: a new array, at most twenty times a second.
 */
import type { AgentRow, CommandOutputRow, CommandRow, GatewayRow } from '@hq/shared/rows';
import { keepHeapSmall } from '../../tui/src/terminal/heap.ts';
import type { OpenFeed, Snapshot } from '../../tui/src/ui/house.ts';
import { openTerminal } from '../../tui/src/ui/open.tsx';
import {
  sampleAgents,
  sampleCommands,
  sampleDoor,
  sampleGateways,
  sampleNow,
} from '../../tui/testing/sample-house.ts';

keepHeapSmall();

const handOnMs = 50;
const setting = (name: string): number => Number(process.env[name] ?? 0);
const [gatewayCount, agentCount, commandCount] = [
  setting('GATEWAYS'),
  setting('AGENTS'),
  setting('COMMANDS'),
];
const changesPerSecond = setting('CHANGES_PER_SECOND');
const linesPerSecond = setting('LINES_PER_SECOND');
/** What the database keeps of one attempt's output. */
const outputBytes = 256 * 1024;

function repeated<Row extends { readonly id: string }>(
  rows: readonly Row[],
  count: number,
  name: (at: number) => Partial<Row>,
): Row[] {
  return Array.from({ length: count }, (_, at) => {
    const like = rows[at % rows.length];
    if (like === undefined) throw new Error('there is no sample');
    return { ...like, ...name(at) };
  });
}

class BusyFeed<Row> implements OpenFeed<Row> {
  #snapshot: Snapshot<Row>;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | null = null;

  constructor(rows: readonly Row[]) {
    this.#snapshot = { rows, status: 'live', asOf: Date.now(), error: null };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  getSnapshot(): Snapshot<Row> {
    return this.#snapshot;
  }

  close(): void {
    this.#listeners.clear();
  }

  replace(rows: readonly Row[]): void {
    this.#snapshot = { ...this.#snapshot, rows };
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      for (const listener of this.#listeners) listener();
    }, handOnMs);
  }
}

const identified = (at: number): { id: string } => ({
  id: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
});
const gateways = repeated<GatewayRow>(sampleGateways, gatewayCount, (at) => ({
  ...identified(at),
  slug: `gateway-${at}`,
}));
const agents = repeated<AgentRow>(sampleAgents, agentCount, (at) => ({
  ...identified(at),
  slug: `agent-${at}`,
  gateway_id: identified(at % gatewayCount).id,
}));
const commands = repeated<CommandRow>(sampleCommands, commandCount, (at) => ({
  ...identified(at),
  status: 'done' as const,
  gateway_id: identified(at % gatewayCount).id,
}));
const feeds = {
  gateways: new BusyFeed(gateways),
  agents: new BusyFeed(agents),
  commands: new BusyFeed(commands),
};

let changes = 0;
if (changesPerSecond > 0) {
  const step = Math.min(50, 1000 / changesPerSecond);
  const batch = Math.max(1, Math.round((changesPerSecond * step) / 1000));
  setInterval(() => {
    for (let each = 0; each < batch; each++) change();
    feeds.gateways.replace([...gateways]);
    if (agents.length > 0) feeds.agents.replace([...agents]);
    if (commands.length > 0) feeds.commands.replace([...commands]);
  }, step);
}

/** One gateway that everybody sees, and now and then an agent and a command. */
function change(): void {
  changes++;
  const at = changesPerSecond <= 10 ? 0 : changes % gateways.length;
  const gateway = gateways[at];
  if (gateway !== undefined) gateways[at] = { ...gateway, label: `change ${changes}` };
  const agent = agents[changes % Math.max(1, agents.length)];
  if (agent !== undefined) agents[changes % agents.length] = { ...agent, model: `model-${changes}` };
  const command = commands[changes % Math.max(1, commands.length)];
  if (command !== undefined) commands[changes % commands.length] = { ...command, attempt: changes };
}

const output = new BusyFeed<CommandOutputRow>([]);
if (linesPerSecond > 0) {
  const chunks: CommandOutputRow[] = [];
  let seq = 0;
  let kept = 0;
  setInterval(() => {
    const text = Array.from(
      { length: linesPerSecond / 10 },
      (_, at) => `line ${seq * 100 + at} of a log that never ends\n`,
    ).join('');
    seq++;
    kept += text.length;
    chunks.push({ command_id: '', attempt: 1, seq, stream: 'stdout', text, created_at: '' });
    while (kept > outputBytes) kept -= chunks.shift()?.text.length ?? outputBytes;
    output.replace([...chunks]);
  }, 100);
}

const door = sampleDoor('live', false);
await openTerminal({
  door: {
    ...door,
    async enter() {
      const house = await door.enter();
      return house === null ? null : { ...house, ...feeds, openOutput: () => output, now: () => sampleNow };
    },
  },
  isReadonly: false,
  env: process.env,
  input: process.stdin,
  output: process.stdout,
});
// What makes the house busy would keep it running.
process.exit(0);

import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

export const fleetSize = { gateways: 200, agents: 5_000, commands: 100_000, running: 200 };

/** Milliseconds between two batches of changes. */
const stepMs = 100;

const services = [
  {
    name: 'gateway',
    health: 'healthy',
    startedAt: '2026-11-01T00:00:00Z',
    version: 'openclaw 2026.9.6',
    restarts: 0,
  },
  { name: 'dispatcher', health: 'healthy', startedAt: '2026-11-01T00:00:00Z', version: '0.1.0', restarts: 1 },
];

/** A database as its owner sees it, filled and changed as a large fleet would. */
export class LargeFleet {
  readonly #client: pg.Client;
  #changes = 0;
  #isChanging = false;
  #changing: Promise<void> = Promise.resolve();

  constructor(databaseUrl: string) {
    this.#client = new pg.Client({ connectionString: databaseUrl });
  }

  async open(): Promise<void> {
    await this.#client.connect();
  }

  async close(): Promise<void> {
    await this.stopChanging();
    await this.#client.end();
  }

  /** The number of changes that were written. */
  get changes(): number {
    return this.#changes;
  }

  /** Every gateway is well and was seen just now. */
  async beat(): Promise<void> {
    await this.#client.query(
      `update gateways set status = 'ready', last_seen_at = now(), meta = meta || jsonb_build_object('services', $1::jsonb)`,
      [JSON.stringify(services)],
    );
  }

  /** Without the guard and without telling anybody: history has happened before we came. */
  async fill(): Promise<void> {
    const { gateways, agents, commands, running } = fleetSize;
    const tables = ['gateways', 'agents', 'agent_commands'];
    for (const table of tables) await this.#client.query(`alter table ${table} disable trigger user`);
    await this.#client.query(
      `insert into gateways (slug, label, status)
       select 'gateway-' || lpad(n::text, 3, '0'), 'Site ' || n, 'ready' from generate_series(2, $1::int) n`,
      [gateways],
    );
    await this.#client.query(
      `insert into agents (slug, name, status, gateway_id, model, last_seen_at)
       select 'agent-' || n, 'Agent ' || n, 'ready', g.ids[1 + n % cardinality(g.ids)], 'anthropic/claude-sonnet-5', now()
       from generate_series(1, $1::int) n, (select array_agg(id order by slug) as ids from gateways) g`,
      [agents],
    );
    await this.#client.query(
      `insert into agent_commands (gateway_id, action, status, created_at, started_at, completed_at, attempt, stdout, exit_code)
       select g.ids[1 + n % cardinality(g.ids)],
         (array['ping', 'restart_gateway', 'stack_status', 'tail_logs']::command_action[])[1 + n % 4],
         (case when n <= $2 then 'running' when n % 9 = 0 then 'failed' else 'done' end)::command_status,
         now() - n * interval '1 minute', now() - n * interval '1 minute',
         case when n > $2 then now() - n * interval '1 minute' + interval '3 seconds' end, 1, 'output',
         case when n > $2 then (n % 9 = 0)::int end
       from generate_series(1, $1::int) n, (select array_agg(id order by slug) as ids from gateways) g`,
      [commands, running],
    );
    for (const table of tables) await this.#client.query(`alter table ${table} enable trigger user`);
    await this.#client.query('vacuum analyze');
    await this.beat();
  }

  /** Label of one gateway, again and again: one row that everybody sees. */
  changeOneRow(slug: string, perSecond: number): void {
    this.#keep(perSecond, (upTo) =>
      this.#client.query(`update gateways set label = 'change ' || $2 where slug = $1`, [slug, upTo]),
    );
  }

  /** Heartbeats, agents and running commands in turn, each a statement of its own as its writer would send it. */
  changeEverything(perSecond: number): void {
    const { gateways, agents, running } = fleetSize;
    this.#keep(perSecond, async (upTo, since) => {
      await this.#client.query(`do $$
        declare v_n int;
        begin
          for v_n in ${since + 1}..${upTo} loop
            case v_n % 3
            when 0 then
              update gateways set last_seen_at = now(), meta = meta || jsonb_build_object('version', '1.' || v_n)
              where slug = 'gateway-' || lpad((2 + v_n / 3 % ${gateways - 1})::text, 3, '0');
            when 1 then
              update agents set model = 'model-' || v_n where slug = 'agent-' || 1 + v_n * 7 % ${agents};
            else
              update agent_commands set progress = jsonb_build_object('percent', v_n % 100, 'note', 'step ' || v_n)
              where id = (select id from agent_commands where status = 'running' order by created_at desc
                offset v_n % ${running} limit 1);
            end case;
          end loop;
        end $$`);
    });
  }

  /** A command that runs, and what it writes: as many lines a second, of which the newest are kept. */
  async writeLog(linesPerSecond: number): Promise<void> {
    const { rows } = await this.#client.query<{ id: string; tenant_id: string }>(
      `select id, tenant_id from agent_commands where status = 'running' order by created_at desc limit 1`,
    );
    const [command] = rows;
    if (command === undefined) throw new Error('no command runs');
    this.#keep(linesPerSecond, async (upTo, since) => {
      const text = Array.from(
        { length: upTo - since },
        (_, at) => `line ${since + at} of a log that never ends\n`,
      ).join('');
      await this.#client.query(
        `insert into agent_command_output (command_id, tenant_id, attempt, seq, stream, text, bytes_so_far)
         values ($1, $2, 1, $3, 'stdout', $4, 0)`,
        [command.id, command.tenant_id, upTo, text],
      );
      await this.#client.query('delete from agent_command_output where command_id = $1 and seq < $2', [
        command.id,
        upTo - linesPerSecond,
      ]);
    });
  }

  async stopChanging(): Promise<void> {
    this.#isChanging = false;
    await this.#changing;
  }

  /** Keeps to the rate also where a batch takes longer than its turn; what it missed is written with the next. */
  #keep(perSecond: number, write: (upTo: number, since: number) => Promise<unknown>): void {
    this.#isChanging = true;
    const [startedAt, before] = [performance.now(), this.#changes];
    const run = async (): Promise<void> => {
      while (this.#isChanging) {
        const due = before + Math.floor(((performance.now() - startedAt) * perSecond) / 1000);
        if (due > this.#changes) {
          await write(due, this.#changes);
          this.#changes = due;
        }
        await pause(stepMs);
      }
    };
    this.#changing = run();
  }
}

import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlertKind } from '../bots/src/core/alerts/alert-kinds.ts';
import {
  type BotsProcess,
  botAccount,
  type Platforms,
  startBots,
  startPlatforms,
} from '../bots/testing/bots-process.ts';
import { asAgent } from '../db/testing/agent-call.ts';
import { assignTask, dispatch } from '../db/testing/dispatch.ts';
import { eventually } from '../db/testing/eventually.ts';
import { ask, claimOne, exchange } from '../db/testing/exchange.ts';
import { startTestStack, type TestStack } from '../local/testing/stack.ts';
import { type Chat, subscribeChats, there } from './testing/subscribed-chats.ts';

/** Every kind of alert by its cause, sent by `hq-bots` as a process to people on three platforms. */
let stack: TestStack;
let platforms: Platforms;
let bots: BotsProcess;
let env: Readonly<Record<string, string>>;
let gateway: string;
let agent: string;

let chats: readonly Chat[];
const query = (text: string, values: unknown[] = []) => stack.database.query<{ id: string }>(text, values);

beforeAll(async () => {
  [stack, platforms] = await Promise.all([startTestStack(), startPlatforms()]);
  gateway = await stack.database.addGateway('main');
  agent = await stack.database.addAgent('writer', gateway);
  env = { ...(await botAccount(stack)), ...platforms.env };
  bots = startBots(env);
  await bots.connected();
  chats = await subscribeChats(stack, platforms);
  await eventually(async () => expect(await query('select id from chat_subscriptions')).toHaveLength(3));
}, 120_000);
afterAll(async () => {
  await stop();
  await platforms?.close();
  await stack?.close();
});

async function stop(): Promise<void> {
  if (bots === undefined || bots.child.exitCode !== null) return;
  const ended = once(bots.child, 'exit');
  bots.child.kill('SIGTERM');
  await ended;
}

/** Waits until each of these chats has exactly one message with these words; returns its position in each. */
function notified(words: RegExp, among: readonly Chat[] = chats): Promise<readonly number[]> {
  return eventually(() =>
    among.map(({ platform, messages }) => {
      const found = messages().flatMap((text, at) => (words.test(text) ? [at] : []));
      expect(found, `${platform}: ${messages().join('\n---\n')}`).toHaveLength(1);
      return found[0] ?? -1;
    }),
  );
}

async function over(words: RegExp, where: readonly number[], among: readonly Chat[] = chats): Promise<void> {
  await eventually(() => {
    for (const [n, { platform, messages }] of among.entries()) {
      const text = messages()[where[n] ?? -1] ?? '';
      expect(text, platform).toMatch(words);
      expect(text, platform).toMatch(/over after/);
    }
  });
}

interface Cause {
  readonly words: RegExp;
  raise(): Promise<unknown>;
  /** Undefined where it is over as soon as it was. */
  end?(): Promise<unknown>;
}

async function fail(): Promise<void> {
  await ask(stack.database, gateway, 'ping');
  const { lease_token: token } = await claimOne(stack.database, gateway);
  const results = [{ token, status: 'failed', error_message: 'the network is down' }];
  await exchange(stack.database, { gateway, results });
}

async function failTurn(): Promise<void> {
  const settings = { wake_cooldown: 0 };
  const { claimed } = await dispatch(stack.database, gateway, { claim: 1, settings });
  const results = [{ token: claimed[0]?.token, outcome: 'failed', error: 'no luck' }];
  await dispatch(stack.database, gateway, { results, settings });
}

let task = '';
let secret = '';
const secretIs = (status: string, error: string | null) =>
  query(
    `select secrets_synced($1, jsonb_build_array(jsonb_build_object('id', s.id, 'revision', s.revision, 'status', $2::text, 'error', $3::text)))
         from secrets s where s.id = $4`,
    [gateway, status, error, secret],
  );
const use = (usd: number) =>
  query(
    `insert into agent_usage (agent_id, run_id, provider, model, cost_total_usd)
     values ($1, gen_random_uuid()::text, 'p', 'm', $2)`,
    [agent, usd],
  );

/** A bot that is gone has a test of its own. */
/** Returns the cause of an alert that the gateway reports. */
function reported(kind: string, subject: string, reason: string): Cause {
  const report = (conditions: readonly object[]) =>
    query(`select report_agent_health($1, $2)`, [gateway, JSON.stringify({ writer: conditions })]);
  return {
    words: new RegExp(`writer is ${kind.replace('_', ' ')}[\\s\\S]*${reason}`),
    raise: async () => {
      await query(`update agents set openclaw_id = 'writer' where id = $1`, [agent]);
      await report([{ kind, subject, reason }]);
    },
    end: () => report([]),
  };
}

const causes: Readonly<Record<Exclude<AlertKind, 'bot_disconnected'>, Cause>> = {
  command_failed: {
    words: /Ping the runner failed on main[\s\S]*the network is down/,
    raise: fail,
  },
  gateway_stale: {
    words: /main is not heard of/,
    raise: () =>
      query(`update gateways set last_seen_at = clock_timestamp() - interval '2 minutes' where id = $1`, [
        gateway,
      ]),
    end: () => exchange(stack.database, { gateway, beat: { version: '1' } }),
  },
  gateway_restarting: {
    words: /main keeps restarting[\s\S]*OpenClaw ended by itself 3 times/,
    raise: () =>
      exchange(stack.database, { gateway, beat: { gateway_problem: 'OpenClaw ended by itself 3 times.' } }),
    end: () => exchange(stack.database, { gateway, beat: { gateway_problem: null } }),
  },
  agent_error: {
    words: /writer is in error[\s\S]*out of memory/,
    raise: () =>
      query(`update agents set status = 'error', meta = meta || '{"error": "out of memory"}' where id = $1`, [
        agent,
      ]),
    end: () => query(`update agents set status = 'ready' where id = $1`, [agent]),
  },
  item_dead_letter: {
    words: /writer gave up: Doomed[\s\S]*no luck/,
    raise: async () => {
      await query(`update agents set openclaw_id = 'writer' where id = $1`, [agent]);
      await assignTask(stack.database, 'Doomed', agent);
      await query(`update agent_inbox_items set max_attempts = 1 where summary = 'Doomed'`);
      await failTurn();
    },
    end: () => query(`delete from agent_inbox_items`),
  },
  agent_stalled: {
    words: /writer is stalled: 5 turns in a row failed[\s\S]*no luck/,
    raise: async () => {
      for (const title of ['Hopeless', 'Useless']) await assignTask(stack.database, title, agent);
      await query(`update agent_inbox_items set max_attempts = 10`);
      for (let turn = 1; turn < 5; turn += 1) await failTurn();
    },
    end: async () => {
      await query(`delete from agent_inbox_items`);
      for (const status of ['paused', 'ready']) {
        await query(`update agents set status = $2 where id = $1`, [agent, status]);
      }
    },
  },
  agent_signed_out: reported('signed_out', 'openai', 'there is no key for openai'),
  agent_stuck: reported('stuck', 'agent:writer:main', 'a turn runs for more than 60 min'),
  agent_full: reported('full', 'agent:writer:main', 'the session is full'),
  agent_mute: reported('mute', 'telegram', 'telegram: it is not running'),
  workspace_stopped: {
    words: /All agents are stopped/,
    raise: () => query(`insert into agent_commands (action) values ('stop_all')`),
    end: () => query(`insert into agent_commands (action) values ('resume_all')`),
  },
  budget_warned: {
    words: /writer has nearly used its budget/,
    raise: async () => {
      await query(
        `insert into agent_budgets (agent_id, monthly_limit_usd, hourly_limit_usd) values ($1, 10, 1000)`,
        [agent],
      );
      await use(8.5);
    },
    end: () => query(`update agent_budgets set monthly_limit_usd = 20 where agent_id = $1`, [agent]),
  },
  budget_exceeded: {
    words: /writer has used up its budget[\s\S]*28\.50 of 20\.00 USD/,
    raise: () => use(20),
    end: () => query(`update agent_budgets set monthly_limit_usd = 100 where agent_id = $1`, [agent]),
  },
  hourly_brake: {
    words: /writer spends too fast and rests/,
    raise: async () => {
      await query(`update agent_budgets set hourly_limit_usd = 1 where agent_id = $1`, [agent]);
      await use(0.1);
    },
    end: () => query(`update agent_budgets set hourly_limit_usd = 1000 where agent_id = $1`, [agent]),
  },
  task_blocked: {
    words: /blocked: Write the notes/,
    raise: async () => {
      const [row] = await query(
        `insert into tasks (title, assignee_agent_id) values ('Write the notes', $1) returning id`,
        [agent],
      );
      task = row?.id ?? '';
      await query(`update tasks set status = 'blocked' where id = $1`, [task]);
    },
    end: () => query(`update tasks set status = 'in_progress' where id = $1`, [task]),
  },
  task_overdue: {
    words: /overdue: Write the notes/,
    raise: () =>
      query(`update tasks set due_date = clock_timestamp() - interval '1 second' where id = $1`, [task]),
    end: () => query(`update tasks set status = 'done' where id = $1`, [task]),
  },
  deliverable_submitted: {
    words: /to review: The notes/,
    raise: () =>
      query(
        `insert into entity_links (owner_type, owner_id, label, is_deliverable, review_status)
         values ('task', $1, 'The notes', true, 'in_review')`,
        [task],
      ),
    end: () => query(`update entity_links set review_status = 'approved' where label = 'The notes'`),
  },
  pairing_requested: {
    words: /555 \("Sam"\) asks to write to writer on telegram/,
    raise: async () => {
      const call = await asAgent(stack.database, agent);
      await call('pairing_requested', {
        ...{ channel: 'telegram', account: 'writer', sender: '555', sender_name: 'Sam', code: 'AB12CD34' },
      });
    },
    end: () => query(`select pairing_approved($1, 'telegram', 'AB12CD34')`, [gateway]),
  },
  agent_notice: {
    words: /writer: The key is gone/,
    raise: async () => {
      const call = await asAgent(stack.database, agent);
      await call('notify', { title: 'The key is gone' });
    },
  },
  agent_question: {
    words: /writer asks: Which title\?/,
    raise: async () => {
      const call = await asAgent(stack.database, agent);
      await call('ask', { question: 'Which title?', choices: ['Long', 'Short'] });
    },
    end: () => query(`update agent_questions set status = 'answered', answer = 'Long' where status = 'open'`),
  },
  question_expired: {
    words: /nobody answered writer: Which colour\?/,
    raise: async () => {
      const call = await asAgent(stack.database, agent);
      await call('ask', { question: 'Which colour?' });
      await query(`update agent_questions set expires_at = now() where question = 'Which colour?'`);
      await query(`select hq.sweep_questions(tenant_id) from agents where id = $1`, [agent]);
    },
  },
  secret_sync_failed: {
    words: /API_KEY is not on main[\s\S]*the key is another one/,
    raise: async () => {
      const [row] = await query(
        `insert into secrets (gateway_id, key, encrypted_value) values ($1, 'API_KEY', 'enc:v1:x') returning id`,
        [gateway],
      );
      secret = row?.id ?? '';
      await secretIs('error', 'the key is another one');
    },
    end: () => secretIs('active', null),
  },
};

describe('an alert of the kind', { timeout: 120_000 }, () => {
  test.each(Object.entries(causes))(
    '%s comes to every chat by its cause, and its message says when it is over',
    async (_kind, { words, raise, end }) => {
      await raise();
      const where = await notified(words);
      if (end === undefined) return;
      await end();
      await over(words, where);
      await notified(words);
    },
  );

  test('bot_disconnected comes through the other platforms, and is over when a bot is there again', async () => {
    const others = chats.filter(({ platform }) => platform !== 'telegram');
    const words = /the Telegram bot is not connected/;
    platforms.telegram.revoke();
    await eventually(async () => {
      const { adapters } = await bots.health();
      expect(adapters.find(({ platform }) => platform === 'telegram')?.state).toBe('revoked');
    });
    // A minute is waited for before an alert is sent.
    await eventually(async () =>
      expect(
        await query(`update chat_adapters set state_since = state_since - interval '61 seconds'
                     where platform = 'telegram' and state <> 'connected' returning fingerprint as id`),
      ).toHaveLength(1),
    );
    const where = await notified(words, others);
    platforms.telegram.revoke(false);
    await stop();
    bots = startBots(env);
    await bots.connected();
    await over(words, where, others);
  });
});

describe('the buttons of an alert', { timeout: 120_000 }, () => {
  const words = /the network is down/;
  let where: readonly number[];
  beforeAll(async () => {
    await query(`delete from agent_commands`);
    await query(`delete from notifications`);
    const before = chats.map(({ messages }) => messages().length);
    await fail();
    where = await eventually(() =>
      chats.map(({ messages }, n) => {
        const at = messages().findIndex((text, index) => index >= (before[n] ?? 0) && words.test(text));
        expect(at).toBeGreaterThan(0);
        return at;
      }),
    );
  }, 60_000);
  const press = (platform: string, label: string) => {
    const n = chats.findIndex((chat) => chat.platform === platform);
    return there(chats[n]).press(where[n] ?? -1, label);
  };
  const asked = (action: string, platform: string) =>
    eventually(async () =>
      expect(
        await query(
          `select id from agent_commands where action = $1 and origin = $2 and gateway_id = $3 and requested_by is not null`,
          [action, platform, gateway],
        ),
      ).toHaveLength(1),
    );

  test.each(['slack', 'discord', 'telegram'])('retry and open the logs, on %s', async (platform) => {
    await press(platform, 'Retry');
    await asked('ping', platform);
    await press(platform, 'Open logs');
    await asked('tail_logs', platform);
  });

  test('acknowledge and mute, and every chat says who did', async () => {
    await press('telegram', 'Acknowledge');
    await eventually(() => {
      for (const [n, { platform, messages }] of chats.entries()) {
        expect(messages()[where[n] ?? -1], platform).toMatch(/seen by .*@.*, \d\d:\d\d UTC/);
      }
    });
    await press('discord', 'Mute for 1 h');
    await eventually(() => {
      for (const [n, { platform, messages }] of chats.entries()) {
        expect(messages()[where[n] ?? -1], platform).toMatch(
          /muted until (\d{4}-\d\d-\d\d )?\d\d:\d\d UTC by .*@/,
        );
      }
    });
    const before = chats.map(({ messages }) => messages().length);
    await fail();
    await query(`update agents set status = 'error' where id = $1`, [agent]);
    await eventually(() => {
      for (const [n, { messages }] of chats.entries()) {
        expect(messages().slice(before[n]).join('\n')).toMatch(/writer is in error/);
      }
    });
    for (const [n, { messages }] of chats.entries()) {
      expect(messages().slice(before[n]).join('\n')).not.toMatch(words);
    }
  });
});

test('a program that is killed while it tells forgets no alert', { timeout: 240_000 }, async () => {
  const total = 30;
  const shownIn = ({ messages }: Chat): Set<number> =>
    new Set(
      [
        ...messages()
          .join('\n')
          .matchAll(/counted (\d+)/g),
      ].map(([, n]) => Number(n)),
    );
  for (let n = 1; n <= total; n += 1) {
    await query(
      `insert into notifications (type, severity, title) values ('command_failed', 'error', 'counted ' || $1::int)`,
      [n],
    );
    if (n !== 8 && n !== 18) continue;
    // Some were notified already, others are pending.
    await eventually(() =>
      expect(Math.max(...chats.map((chat) => shownIn(chat).size))).toBeGreaterThan(n - 8),
    );
    const ended = once(bots.child, 'exit');
    bots.child.kill('SIGKILL');
    await ended;
    // Nobody waits for the lease of a process that was killed.
    await query('delete from chat_adapters');
    bots = startBots(env);
  }
  await eventually(() => {
    for (const chat of chats) expect(shownIn(chat).size, chat.platform).toBe(total);
  });
});

import type { AgentRow, GatewayRow } from '@hq/shared/rows';
import { describe, expect, it } from 'vitest';
import type { HomeAgent, OpenClawHome } from '../openclaw-home/read-home.ts';
import { agentsToImport, type PlanOptions, planImport, takesChannels } from './plan.ts';
import { planDocument, planLines } from './print-plan.ts';
import type { ImportRecord } from './record.ts';
import { parseRenames, slugFor } from './slugs.ts';

const time = '2026-11-30T10:00:00Z';
const gateway: GatewayRow = {
  ...{ id: 'g1', slug: 'attic', label: null, status: 'ready', last_seen_at: null },
  ...{ meta: {}, created_at: time, updated_at: time },
};
const row = (slug: string, id = slug): AgentRow => ({
  ...{ id, gateway_id: 'g1', slug, name: slug, description: null, status: 'ready' as const },
  ...{ last_seen_at: null, model: null, thinking: null, created_at: time, updated_at: time },
});
const bot = (token: string): HomeAgent['channels'] => ({
  account: {
    ...{ channel: 'telegram', account: 'bot', allowFrom: ['5'], serverId: null },
    tokens: new Map([['TELEGRAM_BOT_TOKEN', token]]),
  },
  leftOut: [],
});
const agent = (id: string, more: Partial<HomeAgent> = {}): HomeAgent => ({
  ...{ id, isDefault: id === 'main', name: id, emoji: null, description: null, model: null, thinking: null },
  ...{ workspace: `/home/${id}`, agentDirectory: `/home/agents/${id}`, leftOut: [] },
  channels: { account: null, leftOut: [] },
  providerKeys: { keys: new Map(), leftOut: [], schema: 0 },
  files: { root: `/home/${id}`, files: [], bytes: 0, leftOut: [], fault: null },
  ...more,
});
const homeOf = (agents: readonly HomeAgent[], more: Partial<OpenClawHome['state']> = {}): OpenClawHome => ({
  ...{ path: '/home', version: '2026.9.6', agents, leftOut: [] },
  state: { running: null, cronJobs: [], otherJobs: [], ...more },
});
const plan = (agents: readonly HomeAgent[], more: Partial<PlanOptions> = {}) =>
  planImport({
    ...{
      home: homeOf(agents),
      gateway,
      rows: [],
      record: null,
      renames: new Map(),
      isWithoutChannels: false,
    },
    ...more,
  });
const outcomes = (...args: Parameters<typeof plan>) =>
  plan(...args).agents.map(({ slug, outcome }) => `${slug} ${outcome}`);
const recordOf = (agents: readonly Partial<ImportRecord['agents'][number]>[]): ImportRecord => ({
  ...{ home: '/home', gatewayId: 'g1', createdAt: time, roots: ['/home'], manifest: {} },
  agents: agents.map((one) => ({
    ...{ source: 'ann', slug: 'ann', importId: 'i1', agentId: null, commandId: null, row: null },
    ...{ secrets: [], cronJobs: [] },
    ...one,
  })),
});

describe('the plan of an import', () => {
  it('takes the id as the slug, or makes one, and says why', () => {
    const { agents } = plan([agent('ann'), agent('Zed_X'), agent('main', { name: 'Maya Ä' }), agent('new')]);
    expect(agents.map(({ slug, outcome }) => [slug, outcome])).toEqual([
      ['ann', 'import'],
      ['zed-x', 'import'],
      ['maya-a', 'import'],
      [null, 'skip'],
    ]);
    expect(agents[2]?.reason).toContain('main');
    expect(agents[3]?.reason).toContain('--as new=NEW');
  });

  it('skips what is taken, by another agent of HQ or of the home, unless it is renamed', () => {
    const home = [agent('ann'), agent('bob'), agent('BOB')];
    expect(outcomes(home, { rows: [row('ann')] })).toEqual(['ann skip', 'bob import', 'bob skip']);
    const renames = new Map([
      ['ann', 'anna'],
      ['BOB', 'bobby'],
    ]);
    expect(outcomes(home, { rows: [row('ann')], renames })).toEqual([
      'anna import',
      'bob import',
      'bobby import',
    ]);
  });

  it('takes as many as the gateway has room for', () => {
    const many = Array.from({ length: 25 }, (_, at) => agent(`agent-${at}`));
    const rows = [row('one'), row('two')];
    expect(agentsToImport(plan(many, { rows }))).toHaveLength(18);
    expect(plan(many, { rows }).agents[24]?.reason).toContain('room for 20 agents');
    const wide = { ...gateway, meta: { max_agents: 30 } };
    expect(agentsToImport(plan(many, { rows, gateway: wide }))).toHaveLength(25);
  });

  it('skips a workspace that is too large, and fields that HQ refuses', () => {
    const large = agent('ann', { files: { ...agent('ann').files, fault: 'its workspace has 9 MB' } });
    const odd = agent('bob', { model: 'a model' });
    expect(plan([large, odd]).agents.map(({ reason }) => reason)).toEqual([
      'its workspace has 9 MB',
      expect.stringContaining('its model cannot be used'),
    ]);
  });

  it('goes on where a run was stopped, knows what it has imported, and makes a removed agent again', () => {
    const home = [agent('ann')];
    expect(outcomes(home, { record: recordOf([{}]) })).toEqual(['ann continue']);
    const begun = recordOf([{ agentId: 'a1' }]);
    expect(outcomes(home, { record: begun, rows: [row('ann', 'a1')] })).toEqual(['ann continue']);
    const done = recordOf([{ agentId: 'a1', row: { name: 'ann' } }]);
    expect(outcomes(home, { record: done, rows: [row('ann', 'a1')] })).toEqual(['ann present']);
    expect(outcomes(home, { record: done })).toEqual(['ann import']);
    expect(outcomes(home, { record: done, rows: [row('ann', 'other')] })).toEqual(['ann skip']);
  });

  it('names the program that runs, and takes channels only where they are wanted', () => {
    const home = homeOf([agent('ann', { channels: bot('1:secret') })], { running: { pid: 7, host: 'h' } });
    const withChannels = plan([], { home });
    expect(takesChannels(withChannels)).toBe(true);
    expect(planLines(withChannels).join('\n')).toContain('process 7 on h');
    expect(takesChannels(plan([], { home, isWithoutChannels: true }))).toBe(false);
  });

  it('prints names of secrets and never a value, nor what moves a cursor', () => {
    const keys = { keys: new Map([['OPENAI_API_KEY', 'sk-secret']]), leftOut: [], schema: 0 };
    const ann = agent('ann', { channels: bot('1:secret'), providerKeys: keys, name: 'A\u001b[2Jnn' });
    const job = {
      ...{ id: 'j', agent: 'ann', name: 'daily', enabled: false, message: 'secret' },
      schedule: { kind: 'every' as const, everyMs: 600_000 },
    };
    const planned = plan([], { home: homeOf([ann], { cronJobs: [job] }) });
    const text = `${planLines(planned).join('\n')}${JSON.stringify(planDocument(planned))}`;
    expect(text).toContain('TELEGRAM_BOT_TOKEN');
    expect(text).toContain('ann: daily, every 600 s, off');
    expect(text).not.toMatch(/1:secret|sk-secret|"secret"/);
    expect(text).not.toContain('\u001b');
  });
});

describe('a rename', () => {
  it.each([
    ['ann', /of the form old=new/],
    ['ann=a=b', /of the form old=new/],
    ['eve=eva', /no agent “eve”/],
    ['ann=main', /no slug/],
    ['ann=A b', /no slug/],
  ])('is refused as %s', (value, reason) => {
    expect(() => parseRenames([value], ['ann'])).toThrow(reason);
  });

  it('is taken once for each agent', () => {
    expect(parseRenames(['ann=eva'], ['ann'])).toEqual(new Map([['ann', 'eva']]));
    expect(() => parseRenames(['ann=eva', 'ann=eve'], ['ann'])).toThrow(/twice/);
    expect(slugFor('template-x', 'main')).toBeNull();
  });
});

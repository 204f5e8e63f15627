import { environmentFlag } from '@hq/shared/program';
import { describe, expect, it } from 'vitest';
import { browserProfile, browserSettings, confinedAgentSettings } from './agent-settings.ts';
import { describeHost, findHostSupport, type HostProbe } from './host-support.ts';

const whole: HostProbe = {
  programs: {
    bwrap: '/usr/bin/bwrap',
    nsenter: '/usr/bin/nsenter',
    prlimit: '/usr/bin/prlimit',
    socat: '/usr/bin/socat',
    python3: '/usr/bin/python3',
  },
  chromium: '/usr/bin/chromium',
  jailRefusal: undefined,
  procRefusal: undefined,
  forbidRefusal: undefined,
};

describe('a host', () => {
  it('with everything gives agents commands and a browser', () => {
    expect(describeHost(whole)).toMatchObject({ exec: true, browser: true, hasProc: true, reason: null });
  });

  it.each([
    ['without bubblewrap', { programs: { ...whole.programs, bwrap: undefined } }, 'Install bubblewrap,'],
    ['without socat', { programs: { ...whole.programs, socat: undefined } }, 'Install socat,'],
    ['without python3', { programs: { ...whole.programs, python3: undefined } }, 'Install python3,'],
    ['that refuses user namespaces', { jailRefusal: 'bwrap: No permissions' }, 'Allow user namespaces'],
    ['with an old bubblewrap', { forbidRefusal: 'bwrap: Unknown option --disable-userns' }, 'bubblewrap 0.8'],
  ])('%s gives agents no commands and says what to do', (_host, changes, remedy) => {
    const support = describeHost({ ...whole, ...changes });
    expect(support).toMatchObject({ exec: false, browser: false, programs: undefined });
    expect(support.reason).toContain('Agents run no commands.');
    expect(support.findings.at(-1)?.remedy).toContain(remedy);
  });

  it.each([
    [
      'that masks /proc',
      { procRefusal: "bwrap: Can't mount proc", forbidRefusal: 'bwrap: Read-only' },
      'systempaths=unconfined',
      false,
    ],
    ['without Chromium', { chromium: undefined }, 'chromium', true],
  ])('%s gives agents commands, no browser, and says what to do', (_host, changes, remedy, hasProc) => {
    const support = describeHost({ ...whole, ...changes });
    expect(support).toMatchObject({ exec: true, browser: false, hasProc });
    expect(support.reason).toContain('Agents have no browser.');
    expect(support.findings.find(({ isThere }) => !isThere)?.remedy).toContain(remedy);
  });

  it.runIf(environmentFlag(process.env, 'HQ_TEST_JAILS'))('is tried in reality', async () => {
    expect(await findHostSupport()).toMatchObject({ exec: true, hasProc: true });
  });
});

describe('the configuration of an agent', () => {
  const tools = ['hq_inbox'];

  it('on a host with jails runs every command in one', () => {
    const { sandbox, tools: policy } = confinedAgentSettings({ exec: true, browser: true }, tools);
    expect(sandbox).toMatchObject({
      mode: 'all',
      backend: 'hq-bwrap',
      scope: 'agent',
      workspaceAccess: 'rw',
    });
    expect(policy).toMatchObject({ elevated: { enabled: false }, exec: { host: 'sandbox' } });
    expect(policy.allow).toEqual(expect.arrayContaining(['exec', 'hq_inbox', 'browser']));
  });

  it('without a browser does not offer one', () => {
    const { tools: policy } = confinedAgentSettings({ exec: true, browser: false }, tools);
    expect(policy.allow).not.toContain('browser');
  });

  it('on a host without jails has no command at all', () => {
    const { sandbox, tools: policy } = confinedAgentSettings({ exec: false, browser: false }, tools);
    expect(sandbox).toEqual({ mode: 'off' });
    for (const tool of ['exec', 'process', 'browser', 'gateway', 'web_fetch']) {
      expect(policy.allow).not.toContain(tool);
      expect(policy.deny).toContain(tool);
    }
    expect(policy).toMatchObject({ fs: { workspaceOnly: true }, elevated: { enabled: false } });
    expect(policy.allow).toContain('hq_inbox');
  });

  it('leads to its browser with its own token, and OpenClaw starts none itself', () => {
    expect(browserProfile('a', 4000)).toEqual({ cdpUrl: 'http://127.0.0.1:4000/?token=a', attachOnly: true });
    expect(browserSettings('/usr/bin/chromium')).toEqual({ enabled: true, attachOnly: true });
    expect(browserSettings(undefined)).toEqual({ enabled: false, attachOnly: true });
  });
});

import { describe, expect, it } from 'vitest';
import { argumentsFile, defaultLimits, enterCommand, type Jail, jailArguments } from './jail-command.ts';

const jail: Jail = {
  name: 'maya',
  system: ['--ro-bind', '/usr', '/usr'],
  mounts: [
    { hostPath: '/state/workspace-maya', jailPath: '/workspace', readOnly: false },
    { hostPath: '/state/workspace-maya/.git', jailPath: '/workspace/.git', readOnly: true },
  ],
  workdir: '/workspace',
  environment: { API_KEY: 'secret value' },
  hasProc: true,
  allowsNamespaces: false,
};
const text = (changes: Partial<Jail> = {}) => jailArguments({ ...jail, ...changes }, defaultLimits).join(' ');

describe('the arguments of a jail', () => {
  it('unshare everything but the network, which is the agent’s', () => {
    for (const option of ['user', 'pid', 'ipc', 'uts', 'cgroup-try'])
      expect(text()).toContain(`--unshare-${option}`);
    expect(text()).not.toContain('--unshare-net');
  });

  it('make nothing writable but the workspace, and nothing of it that the gateway runs', () => {
    expect(text().match(/--bind \S+/g)).toEqual(['--bind /state/workspace-maya']);
    expect(text()).toMatch(
      /--bind \/state\/workspace-maya .*--ro-bind \/state\/workspace-maya\/\.git .*--remount-ro \/ /,
    );
    expect(text()).toContain('--remount-ro /dev');
  });

  it('end the jail with the gateway, keep it off the terminal and clear the environment', () => {
    for (const option of ['--die-with-parent', '--new-session', '--clearenv'])
      expect(text()).toContain(option);
  });

  it('forbid further user namespaces, except for a browser', () => {
    expect(text()).toContain('--disable-userns');
    expect(text({ allowsNamespaces: true })).not.toContain('--disable-userns');
  });

  it('have a /proc of their own, or none', () => {
    expect(text()).toContain('--proc /proc');
    expect(text({ hasProc: false })).not.toContain('/proc');
  });
});

describe('the command that enters a jail', () => {
  const command = enterCommand(
    {
      programs: { bwrap: '/usr/bin/bwrap', nsenter: '/usr/bin/nsenter', prlimit: '/usr/bin/prlimit' },
      namespaces: { user: '/proc/7/fd/20', network: '/proc/7/fd/21' },
      limits: defaultLimits,
      argumentsPath: '/tmp/hq-abcdef/commands/1',
    },
    ['/bin/sh', '-c', 'echo hello'],
  );

  it('enters the agent’s namespaces before it sets limits, so that they are counted for the agent', () => {
    const order = ['/usr/bin/nsenter', '/usr/bin/prlimit', '/usr/bin/bwrap', 'echo hello'];
    expect(order.map((part) => command.indexOf(part))).toEqual(
      order.map((part) => command.indexOf(part)).toSorted((a, b) => a - b),
    );
    expect(command).toContain('--user=/proc/7/fd/20');
    expect(command).toContain('--net=/proc/7/fd/21');
  });

  it('has no value of a variable in its arguments', () => {
    expect(command.join(' ')).not.toContain('secret');
    expect(argumentsFile(jailArguments(jail, defaultLimits))).toContain('--setenv\0API_KEY\0secret value\0');
  });

  it('takes no argument apart at a NUL of the agent’s making', () => {
    expect(argumentsFile(['--setenv', 'A', 'x\0--bind\0/\0/'])).toBe('--setenv\0A\0x--bind//\0');
  });
});

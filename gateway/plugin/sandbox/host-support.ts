import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findChromium, findProgram, type JailPrograms } from './programs.ts';

const run = promisify(execFile);
const probeLimitMs = 10_000;

/** One thing that jails need of the host. */
interface Finding {
  readonly name: 'programs' | 'jails' | 'proc' | 'browser';
  readonly isThere: boolean;
  /** Sentence about what was found, or what is missing. */
  readonly sentence: string;
  /** Step that brings it; undefined where it is there. */
  readonly remedy?: string;
}

/** Rights of agents on this host, with reasons. */
export interface HostSupport {
  /** True where agents may run commands: in a jail or not at all. */
  readonly exec: boolean;
  /** True where agents may have a browser. */
  readonly browser: boolean;
  /** True where a jail can have a /proc of its own. */
  readonly hasProc: boolean;
  /** True where a jail can forbid further user namespaces in it, which needs a /proc/sys that can be written. */
  readonly canForbidNamespaces: boolean;
  /** Reason why something is off; null where nothing is. */
  readonly reason: string | null;
  readonly findings: readonly Finding[];
  readonly programs: JailPrograms | undefined;
  readonly chromium: string | undefined;
}

/** Results of what was tried on a host. */
export interface HostProbe {
  /** Absolute paths of the programs that are installed. */
  readonly programs: Readonly<Record<keyof typeof packages, string | undefined>>;
  readonly chromium: string | undefined;
  /** Reason why a jail could not be made; undefined where one was made. */
  readonly jailRefusal: string | undefined;
  /** The same for a jail with a /proc of its own, and for one that forbids further user namespaces. */
  readonly procRefusal: string | undefined;
  readonly forbidRefusal: string | undefined;
}

/** Tries what a jail needs, by making two small ones. It takes well under a second and changes nothing. */
export async function findHostSupport(): Promise<HostSupport> {
  const programs = {
    bwrap: findProgram('bwrap'),
    socat: findProgram('socat'),
    nsenter: findProgram('nsenter'),
    prlimit: findProgram('prlimit'),
    python3: findProgram('python3'),
  };
  const { bwrap } = programs;
  const refusal = async (...args: string[]) =>
    bwrap === undefined ? 'bwrap is missing' : await refusalOf(bwrap, args);
  return describeHost({
    programs,
    chromium: findChromium(),
    jailRefusal: await refusal(),
    procRefusal: await refusal('--proc', '/proc'),
    forbidRefusal: await refusal('--disable-userns'),
  });
}

const packages = {
  bwrap: 'bubblewrap',
  socat: 'socat',
  nsenter: 'util-linux',
  prlimit: 'util-linux',
  python3: 'python3', // OpenClaw's file tools run a Python program in the jail
} as const;

/** Says what a host allows, with a sentence and a remedy for whatever is missing. */
export function describeHost(probe: HostProbe): HostSupport {
  const { programs, chromium, jailRefusal, procRefusal, forbidRefusal } = probe;
  const { bwrap, nsenter, prlimit, socat, python3 } = programs;
  const off = { exec: false, browser: false, hasProc: false, canForbidNamespaces: false };
  const none = { ...off, programs: undefined, chromium };
  if (!bwrap || !nsenter || !prlimit || !socat || !python3) {
    const finding = programsMissing(programs);
    return { ...none, reason: `Agents run no commands. ${finding.sentence}`, findings: [finding] };
  }
  const there = {
    name: 'programs',
    isThere: true,
    sentence: `The programs for jails are installed: ${Object.keys(packages).join(', ')}.`,
  } as const;
  const jails = jailFinding(jailRefusal ?? (isTooOld(forbidRefusal) ? forbidRefusal : undefined));
  if (!jails.isThere) {
    return { ...none, reason: `Agents run no commands. ${jails.sentence}`, findings: [there, jails] };
  }
  const browserNeeds = [procFinding(procRefusal), browserFinding(chromium)];
  const missing = browserNeeds.find(({ isThere }) => !isThere);
  return {
    exec: true,
    browser: missing === undefined,
    hasProc: procRefusal === undefined,
    canForbidNamespaces: forbidRefusal === undefined,
    reason: missing === undefined ? null : `Agents have no browser. ${missing.sentence}`,
    findings: [there, jails, ...browserNeeds],
    programs: { bwrap, nsenter, prlimit, socat },
    chromium,
  };
}

function programsMissing(programs: HostProbe['programs']): Finding {
  const missing = Object.entries(programs).flatMap(([name, path]) => (path === undefined ? [name] : []));
  const needed = Object.entries(packages).flatMap(([name, source]) =>
    missing.includes(name) ? [source] : [],
  );
  return {
    name: 'programs',
    isThere: false,
    sentence: `A program that jails need is missing: ${missing.join(', ')}.`,
    remedy: `Install ${[...new Set(needed)].join(', ')}, then restart the gateway.`,
  };
}

function jailFinding(refusal: string | undefined): Finding {
  if (refusal === undefined) return { name: 'jails', isThere: true, sentence: 'The kernel allows jails.' };
  return {
    name: 'jails',
    isThere: false,
    sentence: `This host refuses jails: ${refusal}.`,
    remedy: isTooOld(refusal)
      ? 'Install bubblewrap 0.8 or newer.'
      : 'Allow user namespaces. In Docker, use the seccomp profile of HQ’s compose.yaml. On Ubuntu, set ' +
        '`sysctl kernel.apparmor_restrict_unprivileged_userns=0`. Elsewhere, raise `sysctl user.max_user_namespaces`.',
  };
}

function isTooOld(refusal: string | undefined): boolean {
  return refusal !== undefined && /unknown option/i.test(refusal);
}

function procFinding(refusal: string | undefined): Finding {
  if (refusal === undefined) {
    return { name: 'proc', isThere: true, sentence: 'A jail has a /proc of its own.' };
  }
  return {
    name: 'proc',
    isThere: false,
    sentence: 'A jail has no /proc, because this host masks it: some programs and Chromium do not work.',
    remedy: 'In Docker, add `systempaths=unconfined` to the `security_opt` of the gateway.',
  };
}

function browserFinding(chromium: string | undefined): Finding {
  if (chromium !== undefined) return { name: 'browser', isThere: true, sentence: 'Chromium is installed.' };
  return {
    name: 'browser',
    isThere: false,
    sentence: 'Chromium is not installed.',
    remedy: 'Install the package `chromium`.',
  };
}

/** Makes the namespaces of a holder and a jail in them; returns why it did not work. */
async function refusalOf(bwrap: string, more: readonly string[]): Promise<string | undefined> {
  const user = ['--unshare-user', '--uid', '1000', '--gid', '1000'];
  const outer = [...user, '--unshare-net', '--dev-bind', '/', '/', '--'];
  const inner = [...user, '--unshare-pid', '--ro-bind', '/', '/', '--dev', '/dev', ...more];
  try {
    await run(bwrap, [...outer, bwrap, ...inner, '--', '/bin/true'], { env: {}, timeout: probeLimitMs });
    return undefined;
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    return text.trim().split('\n').at(-1) || (error instanceof Error ? error.message : String(error));
  }
}

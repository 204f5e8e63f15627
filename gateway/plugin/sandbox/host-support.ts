import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findJailPrograms, findProgram, type JailPrograms } from './programs.ts';

const run = promisify(execFile);
const probeLimitMs = 10_000;

/** One thing that jails need of the host. */
export interface Finding {
  readonly name: 'programs' | 'jails' | 'proc' | 'browser';
  readonly isThere: boolean;
  /** What was found, or what is missing, as one sentence. */
  readonly sentence: string;
  /** What to do about it; undefined where it is there. */
  readonly remedy?: string;
}

/** What this host allows agents, and why. */
export interface HostSupport {
  /** Whether agents may run commands: in a jail or not at all. */
  readonly exec: boolean;
  /** Whether agents may have a browser. */
  readonly browser: boolean;
  /** Whether a jail can have a /proc of its own. */
  readonly hasProc: boolean;
  /** Why something is off; null where nothing is. */
  readonly reason: string | null;
  readonly findings: readonly Finding[];
  readonly programs: JailPrograms | undefined;
  readonly chromium: string | undefined;
}

const found = (name: Finding['name'], sentence: string): Finding => ({ name, isThere: true, sentence });
const missing = (name: Finding['name'], sentence: string, remedy: string): Finding => ({
  name,
  isThere: false,
  sentence,
  remedy,
});

/** Tries what a jail needs, by making two small ones. It takes well under a second and changes nothing. */
export async function findHostSupport(): Promise<HostSupport> {
  const programs = completePrograms(findJailPrograms());
  const chromium = findProgram('chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome');
  if (programs === undefined) return withoutJails([programsMissing()], chromium);
  const there = found('programs', 'bubblewrap, socat, nsenter, prlimit and python3 are installed.');
  const refusal = await refusalOf(programs, []);
  if (refusal !== undefined) return withoutJails([there, jailsRefused(refusal)], chromium);
  const procRefusal = await refusalOf(programs, ['--proc', '/proc']);
  const findings = [
    there,
    found('jails', 'The kernel allows jails.'),
    procRefusal === undefined
      ? found('proc', 'A jail has a /proc of its own.')
      : missing(
          'proc',
          'A jail has no /proc: this host masks it. Some programs miss it, and Chromium does not start.',
          'In Docker, add `systempaths=unconfined` to the `security_opt` of the gateway.',
        ),
    chromium === undefined
      ? missing('browser', 'Chromium is not installed.', 'Install the package `chromium`.')
      : found('browser', 'Chromium is installed.'),
  ];
  const off = findings.find(({ isThere }) => !isThere);
  return {
    exec: true,
    browser: off === undefined,
    hasProc: procRefusal === undefined,
    reason: off === undefined ? null : `Agents have no browser. ${off.sentence}`,
    findings,
    programs,
    chromium,
  };
}

/** The file tools of OpenClaw run a Python program in the jail. */
function completePrograms(programs: Partial<JailPrograms>): JailPrograms | undefined {
  const { bwrap, nsenter, prlimit, socat } = programs;
  if (findProgram('python3') === undefined) return undefined;
  if (bwrap === undefined || nsenter === undefined || prlimit === undefined || socat === undefined) return;
  return { bwrap, nsenter, prlimit, socat };
}

function programsMissing(): Finding {
  const packages = { bwrap: 'bubblewrap', socat: 'socat', nsenter: 'util-linux', prlimit: 'util-linux' };
  const needed = [...Object.entries(packages), ['python3', 'python3'] as const];
  const absent = needed.filter(([program]) => findProgram(program) === undefined);
  return missing(
    'programs',
    `A program that jails need is missing: ${absent.map(([program]) => program).join(', ')}.`,
    `Install ${[...new Set(absent.map(([, name]) => name))].join(', ')}, then restart the gateway.`,
  );
}

function jailsRefused(refusal: string): Finding {
  const isOld = /unknown option/i.test(refusal);
  return missing(
    'jails',
    `This host refuses jails: ${refusal}`,
    isOld
      ? 'Install bubblewrap 0.8 or newer.'
      : 'Allow user namespaces: in Docker with the seccomp profile of docs/docker.md; on Ubuntu with `sysctl ' +
          'kernel.apparmor_restrict_unprivileged_userns=0`; elsewhere with `sysctl user.max_user_namespaces=10000`.',
  );
}

function withoutJails(findings: readonly Finding[], chromium: string | undefined): HostSupport {
  const off = findings.find(({ isThere }) => !isThere);
  return {
    exec: false,
    browser: false,
    hasProc: false,
    reason: `Agents run no commands. ${off?.sentence ?? ''}`.trim(),
    findings,
    programs: undefined,
    chromium,
  };
}

/** Makes the namespaces of a holder and a jail in them; returns why it did not work. */
async function refusalOf({ bwrap }: JailPrograms, more: readonly string[]): Promise<string | undefined> {
  const user = ['--unshare-user', '--uid', '1000', '--gid', '1000'];
  // Its own mounts would hide the host's /proc from the inner one, so it keeps them.
  const outer = [...user, '--unshare-net', '--dev-bind', '/', '/', '--'];
  const inner = [
    ...user,
    '--unshare-pid',
    '--disable-userns',
    '--ro-bind',
    '/',
    '/',
    '--dev',
    '/dev',
    ...more,
  ];
  try {
    await run(bwrap, [...outer, bwrap, ...inner, '--', '/bin/true'], { env: {}, timeout: probeLimitMs });
    return undefined;
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    return text.trim().split('\n').at(-1) || (error instanceof Error ? error.message : String(error));
  }
}

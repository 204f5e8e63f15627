import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { HqError } from '../errors.ts';
import { findHolder, type HeldSocket, isHeld } from './listening-process.ts';

/** Names by which a container reaches the machine that it runs on. */
const hostsOfContainers = new Set([
  'host.docker.internal',
  'host.containers.internal',
  'gateway.docker.internal',
]);

const rule = 'https, or http to this machine';

/** Says which addresses may get credentials, for the error of a variable. */
export const addressRule = `must be ${rule} (localhost, 127.0.0.1, host.docker.internal, or a container of the same network)`;

/**
 * Returns true for https, and for http that does not leave this machine. Inside a container a name without a dot is another
 * container.
 */
export function isSafeAddress(address: string, isInContainer = inContainer): boolean {
  const url = URL.parse(address);
  if (url === null || url.protocol !== 'http:') return url?.protocol === 'https:';
  const { hostname } = url;
  if (isLoopback(hostname) || hostsOfContainers.has(hostname)) return true;
  return !hostname.includes('.') && isIP(unbracketed(hostname)) === 0 && isInContainer();
}

function inContainer(): boolean {
  return existsSync('/.dockerenv') || existsSync('/run/.containerenv');
}

const unbracketed = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');

function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\])$/.test(hostname);
}

/**
 * Throws `unreachable` when a port of loopback belongs to another user of this machine than root or this one: with HQ down,
 * anybody may listen there, and would get what is sent. `HQ_OWNER` is one more user id. Checks on Linux alone, where the
 * kernel tells; https proves itself.
 */
export function assertPortOwner(address: string | URL): void {
  const url = new URL(address);
  if (process.platform !== 'linux' || !/^(?:http|ws):$/.test(url.protocol) || !isLoopback(url.hostname))
    return;
  const port = Number(url.port || 80);
  const held = knownSockets.get(url.host)?.held;
  if (held && isHeld(held)) return;
  const listeners = listenersAt(url.hostname, port);
  const trusted = new Set([0, process.geteuid?.() ?? 0]);
  const { HQ_OWNER: owner = '' } = process.env;
  if (/^\d+$/.test(owner)) trusted.add(Number(owner));
  const stranger = listeners.find(({ uid }) => !trusted.has(uid))?.uid;
  if (stranger === undefined) {
    rememberListener(url, listeners);
    return;
  }
  throw new HqError(
    'unreachable',
    `Port ${port} of this machine belongs to another user (uid ${stranger}). Nothing was sent.`,
    {
      hint: `Start HQ again. If that user runs your HQ, set HQ_OWNER=${stranger}.`,
    },
  );
}

interface Listener {
  /** Hexadecimal, as the kernel prints it. */
  readonly address: string;
  readonly uid: number;
  readonly inode: string;
}

/**
 * The accepted socket of an address: while it is open nobody else can listen there. The kernel takes milliseconds to list
 * all sockets, too long before each request. `held` is null where this user may not look at the process.
 */
const knownSockets = new Map<string, { readonly inode: string; readonly held: HeldSocket | null }>();

/** A name is not remembered: it has two addresses, and another user may take the second one later. */
function rememberListener({ host, hostname }: URL, [listener, ...others]: readonly Listener[]): void {
  if (listener === undefined || others.length > 0 || isIP(unbracketed(hostname)) === 0) return;
  const { inode } = listener;
  if (knownSockets.get(host)?.inode !== inode) knownSockets.set(host, { inode, held: findHolder(inode) });
}

const anyV4 = '00000000';
const anyV6 = '0'.repeat(32);
const loopbackV6 = `${'0'.repeat(24)}01000000`;

/** Returns the sockets that may get a connection to this port; empty where nothing listens. */
function listenersAt(hostname: string, port: number): readonly Listener[] {
  const v4 = listenersOf('/proc/net/tcp', port);
  const v6 = listenersOf('/proc/net/tcp6', port);
  const name = unbracketed(hostname);
  const found: Listener[] = [];
  if (isIP(name) !== 6) {
    const hex = hexOf(isIP(name) === 4 && name !== '0.0.0.0' ? name : '127.0.0.1');
    found.push(
      ...mostSpecific([
        [v4, hex],
        [v6, `${'0'.repeat(16)}FFFF0000${hex}`],
        [v4, anyV4],
        [v6, anyV6],
      ]),
    );
  }
  if (isIP(name) !== 4)
    found.push(
      ...mostSpecific([
        [v6, loopbackV6],
        [v6, anyV6],
      ]),
    );
  return found;
}

/** The kernel prefers the socket of the exact address. */
function mostSpecific(choices: readonly (readonly [readonly Listener[], string])[]): readonly Listener[] {
  for (const [listeners, address] of choices) {
    const same = listeners.filter((listener) => listener.address === address);
    if (same.length > 0) return same;
  }
  return [];
}

/** The kernel prints an address in the order of its bytes in memory. */
function hexOf(v4: string): string {
  const bytes = v4.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return bytes.reverse().join('').toUpperCase();
}

const listening = '0A';

function listenersOf(file: string, port: number): readonly Listener[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // IPv6 is off, or /proc is not mounted.
    return [];
  }
  const portHex = port.toString(16).toUpperCase().padStart(4, '0');
  const found: Listener[] = [];
  for (const line of text.split('\n').slice(1)) {
    const [, local = '', , state, , , , uid, , inode = ''] = line.trim().split(/\s+/);
    const [address = '', localPort] = local.split(':');
    if (state === listening && localPort === portHex) found.push({ address, uid: Number(uid), inode });
  }
  return found;
}

/** A WebSocket that does not connect to another user's port, on every reconnection: its address contains a key. */
export class OwnWebSocket extends WebSocket {
  // supabase-js takes any event here.
  declare onerror: ((event: Event) => void) | null;

  constructor(address: string | URL, protocols?: string | string[]) {
    super(isOwn(address) ? address : 'ws://127.0.0.1:1', protocols);
  }
}

function isOwn(address: string | URL): boolean {
  try {
    assertPortOwner(address);
    return true;
  } catch {
    // The requests of the same program report it.
    return false;
  }
}

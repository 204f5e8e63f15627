import { dirname } from 'node:path';
import { proxyPort } from '../network/namespace-holder.ts';
import type { JailMount } from '../sandbox/jail-command.ts';

const devToolsPort = 9222;
const browserProfileDir = '/browser';
const socketDir = '/run/hq';
export const devToolsSocket = 'cdp.sock';

/** Returns the command that runs Chromium in a jail, with a relay from a Unix socket to its DevTools. */
export function browserCommand(chromium: string, socat: string): string[] {
  const flags = [
    '--headless=new',
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    '--password-store=basic',
    `--user-data-dir=${browserProfileDir}`,
    `--remote-debugging-port=${devToolsPort}`,
    `--proxy-server=http://127.0.0.1:${proxyPort}`,
    // Loopback too: a page must not reach what the agent serves there, nor DevTools.
    '--proxy-bypass-list=<-loopback>',
    '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
    'about:blank',
  ];
  const relay = `"$0" UNIX-LISTEN:${socketDir}/${devToolsSocket},fork,unlink-early TCP:127.0.0.1:${devToolsPort} &`;
  return ['/bin/sh', '-c', `${relay} exec "$@"`, socat, chromium, ...flags];
}

/** Returns what a browser's jail shows: its profile, the directory of its socket, and Chromium where it is not in /usr. */
export function browserMounts(chromium: string, profileDir: string, runDir: string): readonly JailMount[] {
  const program = dirname(chromium);
  return [
    { hostPath: profileDir, jailPath: browserProfileDir, readOnly: false },
    { hostPath: runDir, jailPath: socketDir, readOnly: false },
    ...(program.startsWith('/usr/') ? [] : [{ hostPath: program, jailPath: program, readOnly: true }]),
  ];
}

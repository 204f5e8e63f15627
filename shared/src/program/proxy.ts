import type { ProxyEnv } from 'node:http';
import { HqError } from '../errors.ts';

/** Never asked through a proxy. Node's two clients write the address of IPv6 differently. */
const loopback = ['localhost', '127.0.0.1', '::1', '[::1]'];

let isUsed = false;

/**
 * Sends what this thread asks by `fetch` and `WebSocket` over https through the proxy that the environment names. To be called
 * before the first request. HTTP_PROXY is ignored: plain http stays on this machine or its containers.
 */
export function useProxy(env: NodeJS.ProcessEnv): void {
  const settings = proxySettings(env);
  if (settings === undefined) return;
  // Loaded where it is needed: a first frame without a proxy needs none of it.
  const http = process.getBuiltinModule('node:http');
  if (!('setGlobalProxyFromEnv' in http)) {
    throw new HqError('usage', `Node ${process.versions.node} cannot use a proxy.`, {
      hint: 'Update Node to 24.14 or newer.',
    });
  }
  // Node would take HTTP_PROXY from the environment; an empty `http_proxy` goes before it. Programs that start later find both as they were.
  const { http_proxy: before } = process.env;
  process.env.http_proxy = '';
  http.setGlobalProxyFromEnv(settings);
  if (before === undefined) delete process.env.http_proxy;
  else process.env.http_proxy = before;
  isUsed = true;
}

/**
 * Returns the settings for an agent of one's own; undefined without a proxy. Throws `usage` with the name of the variable for an
 * address that is none.
 */
export function proxySettings(env: NodeJS.ProcessEnv): ProxyEnv | undefined {
  const address = readProxy(env);
  const direct = (env.no_proxy || env.NO_PROXY || '').split(/[\s,]+/).filter((host) => host !== '');
  // Node's fetch knows `*` only where it stands alone.
  if (address === undefined || direct.includes('*')) return undefined;
  return { https_proxy: address, http_proxy: '', no_proxy: [...direct, ...loopback].join(',') };
}

/** Returns a sentence about the proxy for the hint of a request without an answer; empty without a proxy. */
export function proxyHint(): string {
  return isUsed ? ' Requests to other machines go through the proxy of HTTPS_PROXY.' : '';
}

/** Reads the address of a proxy: the lower-case variable first, and `http` where no protocol is named, as curl does. */
function readProxy(env: NodeJS.ProcessEnv): string | undefined {
  const text = (env.https_proxy || env.HTTPS_PROXY || '').trim();
  if (text === '') return undefined;
  const address = text.includes('://') ? text : `http://${text}`;
  const isAddress = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
  if (isAddress) return address;
  throw new HqError('usage', 'HTTPS_PROXY is not the address of an HTTP proxy.', {
    field: 'HTTPS_PROXY',
    hint: 'Set it to an address such as http://proxy.example.org:3128, or to nothing.',
  });
}

import type { ProxyEnv } from 'node:http';
import { HqError } from '../errors.ts';

/** Never asked through a proxy. Node's two clients write the address of IPv6 differently. */
const loopback = ['localhost', '127.0.0.1', '::1', '[::1]'];

let used: string | null = null;

/**
 * Sends what this thread asks by `fetch` and `WebSocket` through the proxy that the environment names. To be called before the
 * first request.
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
  http.setGlobalProxyFromEnv(settings);
  used = settings.https_proxy ? 'HTTPS_PROXY' : 'HTTP_PROXY';
}

/**
 * Returns the settings for an agent of one's own; undefined without a proxy. Throws `usage` with the name of the variable for an
 * address that is none.
 */
export function proxySettings(env: NodeJS.ProcessEnv): ProxyEnv | undefined {
  const [https = '', http = ''] = [readProxy(env, 'HTTPS_PROXY'), readProxy(env, 'HTTP_PROXY')];
  if (https === '' && http === '') return undefined;
  const direct = (env.no_proxy || env.NO_PROXY || '').split(/[\s,]+/).filter((host) => host !== '');
  // Node's fetch knows `*` only where it stands alone.
  if (direct.includes('*')) return undefined;
  return { https_proxy: https, http_proxy: http, no_proxy: [...direct, ...loopback].join(',') };
}

/** Returns a sentence about the proxy for the hint of a request without an answer; empty without a proxy. */
export function proxyHint(): string {
  return used === null ? '' : ` Requests to other machines go through the proxy of ${used}.`;
}

/** Reads the address of a proxy: the lower-case variable first, and `http` where no protocol is named, as curl does. */
function readProxy(env: NodeJS.ProcessEnv, name: 'HTTP_PROXY' | 'HTTPS_PROXY'): string | undefined {
  const text = (env[name.toLowerCase()] || env[name] || '').trim();
  if (text === '') return undefined;
  const address = text.includes('://') ? text : `http://${text}`;
  const isAddress = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol);
  if (isAddress) return address;
  throw new HqError('usage', `${name} is not the address of an HTTP proxy.`, {
    field: name,
    hint: 'Set it to an address such as http://proxy.example.org:3128, or to nothing.',
  });
}

import { HqError } from '@hq/shared/errors';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ListenAddress {
  /** The variable that sets it. */
  readonly field: string;
  readonly host: string;
  readonly port: number;
}

/** Returns the variables that are set, without surrounding blanks. */
export function readVariables<Name extends string>(
  env: Environment,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const values: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) values[name] = value;
  }
  return values;
}

/** Reads `host:port`, with brackets around an IPv6 host; `defaultHost` permits a port alone. */
export function parseListenAddress(field: string, text: string, defaultHost?: string): ListenAddress {
  const [, host = defaultHost, port] = /^(?:\[?(\S+?)\]?:)?(\d{1,5})$/u.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) {
    throw invalidSetting(field, 'is not an address to listen on', 'Use host:port, such as 127.0.0.1:8443.');
  }
  return { field, host, port: Number(port) };
}

/** The error of a setting that cannot be used. It names the variable and never its value. */
export function invalidSetting(field: string, problem: string, hint: string): HqError {
  return new HqError('usage', `${field} ${problem}.`, { field, hint });
}

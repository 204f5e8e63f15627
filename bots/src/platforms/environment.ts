import { createHash } from 'node:crypto';
import { HqError } from '@hq/shared/errors';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ListenAddress {
  /** The variable that sets it. */
  readonly field: string;
  readonly host: string;
  readonly port: number;
}

/** The form of a variable's value, what is wrong with another one, and where to find the right one. */
export type VariableRule = readonly [form: RegExp, problem: string, hint: string];

/** For a variable of any form, or of one that is read later. */
export const anyText: VariableRule = [/./u, '', ''];

export const httpAddress = /^https?:\/\/[^\s/]/u;

/** Returns the variables that are set, without surrounding blanks. Throws an `HqError` for one of another form. */
export function readVariables<Name extends string>(
  env: Environment,
  rules: Readonly<Record<Name, VariableRule>>,
): Partial<Record<Name, string>> {
  const values: Partial<Record<Name, string>> = {};
  for (const name in rules) {
    const [form, problem, hint] = rules[name];
    const value = env[name]?.trim();
    if (!value) continue;
    if (!form.test(value)) throw invalidSetting(name, problem, hint);
    values[name] = value;
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

/** Stands for a token without telling it. */
export function fingerprintOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

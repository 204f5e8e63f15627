import { readPrivateFile } from './private-file.ts';

export type Settings = Readonly<Partial<Record<string, string>>>;

/** The settings of an environment file that only its owner can read; null where there is no such file. */
export async function readEnvFile(path: string): Promise<Settings | null> {
  const text = await readPrivateFile(path);
  return text === null ? null : parseEnvFile(text);
}

/** Lines `NAME=value`, with or without `export`, in single quotes, double quotes or none. The last of a name counts. */
export function parseEnvFile(text: string): Settings {
  const settings: Partial<Record<string, string>> = {};
  for (const written of text.split(/\r?\n/)) {
    const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(written) ?? [];
    if (name !== undefined && value !== undefined) settings[name] = unquoted(value);
  }
  return settings;
}

function unquoted(value: string): string {
  const quoted = /^(["'])(.*?)\1(?:\s+#.*)?$/.exec(value);
  return quoted?.[2] ?? value.replace(/(?:^|\s+)#.*$/, '');
}

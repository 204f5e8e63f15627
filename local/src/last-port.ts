import { freePort, readPrivate, writePrivate } from '@hq/shared/program';

/** Returns the port of the last run where it is free, so that open clients find HQ again; else any free one. */
export async function lastPort(path: string): Promise<number> {
  const text = (await readPrivate(path)) ?? '';
  return freePort(/^\d{1,5}$/.test(text.trim()) && Number(text) <= 65_535 ? Number(text) : 0);
}

export async function keepPort(path: string, port: number): Promise<void> {
  await writePrivate(path, `${port}\n`);
}

/** The newest OpenClaw whose home HQ reads: that of the gateway. */
export const knownVersion = '2026.9.6';
/** `user_version` of its databases. */
export const knownSchemas = { state: 18, agent: 23 } as const;

/** Returns true for a version such as 2026.10.1 that is newer than the known one. */
export function isNewer(version: string): boolean {
  const parts = (text: string) => text.split(/[.-]/).map(Number);
  const known = parts(knownVersion);
  for (const [at, part] of parts(version).slice(0, known.length).entries()) {
    const other = known[at] ?? 0;
    if (Number.isNaN(part) || part === other) continue;
    return part > other;
  }
  return false;
}

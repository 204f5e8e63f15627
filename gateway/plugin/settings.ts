import { isSafeAddress } from '@hq/shared/program';
import { z } from 'zod';

/** `plugins.entries.hq.config` of OpenClaw's configuration. Without an address agents have no tools of HQ. */
const pluginSettings = z.object({
  stateDir: z.string().startsWith('/'),
  supabaseUrl: z
    .url()
    .refine((address) => isSafeAddress(address), 'must be https, or http to this machine')
    .optional(),
  anonKey: z.string().min(1).optional(),
});

export type PluginSettings = z.output<typeof pluginSettings>;

/** Returns null, and the reason, for settings that HQ cannot use: the gateway then works without HQ. */
export function readSettings(config: unknown): { settings: PluginSettings } | { fault: string } {
  const parsed = pluginSettings.safeParse(config);
  if (parsed.success) return { settings: parsed.data };
  const [issue] = parsed.error.issues;
  return { fault: `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim() };
}

/** A chat platform, with everything that the database has to know of it. */
export interface ChatPlatform {
  readonly name: string;
  /** `platform`: a user has one id in all installs (workspaces, servers). `install`: one in each. */
  readonly userScope: 'install' | 'platform';
  /** The ids that show a direct message; the adapter's word alone does not lift a channel's ceiling. */
  readonly direct:
    | {
        readonly field: 'channel' | 'install';
        readonly rule: 'starts with' | 'equals';
        readonly value: string;
      }
    | { readonly field: 'channel'; readonly rule: 'equals user' };
  /** Users that many people write through: nobody can be known behind them. */
  readonly sharedAccounts: readonly string[];
}

/** Every chat platform, for all packages and for `hq.chat_platforms`, which `hq-db migrate` fills from here. */
export const chatPlatforms = [
  {
    name: 'slack',
    userScope: 'install',
    direct: { field: 'channel', rule: 'starts with', value: 'D' },
    sharedAccounts: [],
  },
  {
    name: 'discord',
    userScope: 'platform',
    direct: { field: 'install', rule: 'equals', value: '@me' },
    sharedAccounts: [],
  },
  {
    name: 'telegram',
    userScope: 'install',
    direct: { field: 'channel', rule: 'equals user' },
    // Anonymous group admins, channels that post in groups, and Telegram's own service account.
    sharedAccounts: ['1087968824', '136817688', '777000'],
  },
] as const satisfies readonly ChatPlatform[];

export type ChatPlatformName = (typeof chatPlatforms)[number]['name'];

export const chatPlatformNames: readonly ChatPlatformName[] = chatPlatforms.map(({ name }) => name);

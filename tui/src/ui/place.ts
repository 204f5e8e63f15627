/** Where an operator is; the way there is a stack of these. */
export type Place =
  | { readonly screen: 'fleet' | 'commands' | 'alerts' | 'audit' | 'secrets' | 'chat' }
  /** The agents of one gateway, or of all. */
  | { readonly screen: 'agents'; readonly gateway: string | null }
  | { readonly screen: 'agent'; readonly id: string }
  | { readonly screen: 'command'; readonly id: string }
  | { readonly screen: 'secret'; readonly id: string };

export type Screen = Place['screen'];

/** The screens that have a number of their own. */
export const numbered = ['fleet', 'agents', 'commands', 'alerts', 'audit', 'secrets', 'chat'] as const;
export type Numbered = (typeof numbered)[number];

export function placeOf(screen: Numbered): Place {
  return screen === 'agents' ? { screen, gateway: null } : { screen };
}

/** Which of the numbered screens a place belongs to. */
export function homeOf(screen: Screen): Numbered {
  if (screen === 'agent') return 'agents';
  if (screen === 'secret') return 'secrets';
  return screen === 'command' ? 'commands' : screen;
}

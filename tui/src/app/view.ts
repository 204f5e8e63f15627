import type { ReactNode } from 'react';
import type { Session } from '../session/session.ts';
import type { ListStore } from '../widgets/list.ts';
import type { Router } from './router.ts';
import type { TerminalHost } from './terminal-host.ts';

/** The place of a member: the open screen, and the filter, order and selection of each list. */
export interface ViewPlace {
  readonly userId: string;
  readonly router: Router;
  readonly lists: Map<string, ListStore>;
}

/** The screens of one session. */
export interface View {
  readonly element: ReactNode;
  readonly place: ViewPlace;
  readonly close: () => Promise<void>;
}

interface ViewOptions {
  /** Host and port of HQ. */
  readonly hqHost: string;
  readonly host: TerminalHost;
  readonly isReadonly: boolean;
  /** The place where the last session was left; its member goes on there. */
  readonly place: ViewPlace | null;
}

export type OpenView = (session: Session, options: ViewOptions) => View;

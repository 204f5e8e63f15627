import type { ReactNode } from 'react';
import type { Session } from '../session/session.ts';
import type { TerminalHost } from './terminal-host.ts';

/** The screens of one session. */
export interface View {
  readonly element: ReactNode;
  readonly close: () => Promise<void>;
}

interface ViewOptions {
  /** Host and port of HQ. */
  readonly hqHost: string;
  readonly host: TerminalHost;
  readonly isReadonly: boolean;
}

export type OpenView = (session: Session, options: ViewOptions) => View;

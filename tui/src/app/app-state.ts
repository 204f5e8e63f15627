import type { Connector } from '../session/session.ts';
import type { Theme } from '../theme/theme.ts';
import type { Size } from '../widgets/theme.ts';
import { Keyboard } from './keyboard.ts';
import { SignInFlow } from './sign-in-flow.ts';
import { Store } from './store.ts';
import type { TerminalHost } from './terminal-host.ts';
import type { OpenView } from './view.ts';

export interface AppOptions {
  readonly connector: Connector;
  readonly host: TerminalHost;
  readonly isReadonly: boolean;
  readonly theme: Theme;
  readonly size: Size;
  /** Called after the first frame, which needs none of them. */
  readonly loadView: () => Promise<OpenView>;
}

/** Everything outside of the components, before and after somebody is signed in. */
export class AppState {
  readonly keyboard = new Keyboard();
  readonly theme: Store<Theme>;
  readonly size: Store<Size>;
  readonly signIn: SignInFlow;
  readonly host: TerminalHost;
  readonly isReadonly: boolean;

  constructor({ connector, host, isReadonly, theme, size, loadView }: AppOptions) {
    this.theme = new Store(theme);
    this.size = new Store(size);
    this.host = host;
    this.isReadonly = isReadonly;
    this.signIn = new SignInFlow(connector, async () => {
      const openView = await loadView();
      return (session, place) => openView(session, { hqHost: connector.host, host, isReadonly, place });
    });
  }

  resize(columns: number, rows: number): void {
    const now = this.size.get();
    if (now.columns !== columns || now.rows !== rows) this.size.set({ columns, rows });
  }
}

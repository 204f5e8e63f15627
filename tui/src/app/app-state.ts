import type { Connector } from '../session/session.ts';
import type { Theme } from '../theme/theme.ts';
import type { Size } from '../widgets/theme.ts';
import { Keyboard } from './keyboard.ts';
import type { Screen } from './screen.ts';
import { SignInFlow } from './sign-in-flow.ts';
import { Store } from './store.ts';
import type { TerminalHost } from './terminal-host.ts';
import { createUi } from './ui.ts';

export interface AppOptions {
  readonly connector: Connector;
  readonly host: TerminalHost;
  readonly isReadonly: boolean;
  readonly theme: Theme;
  readonly size: Size;
  /** Loaded with the first session: the first frame is drawn without them. */
  readonly loadScreens: () => Promise<readonly Screen[]>;
}

/** Everything that lives outside of the components, before and after somebody is signed in. */
export class AppState {
  readonly keyboard = new Keyboard();
  readonly theme: Store<Theme>;
  readonly size: Store<Size>;
  readonly signIn: SignInFlow;
  readonly host: TerminalHost;
  readonly isReadonly: boolean;

  constructor({ connector, host, isReadonly, theme, size, loadScreens }: AppOptions) {
    this.theme = new Store(theme);
    this.size = new Store(size);
    this.host = host;
    this.isReadonly = isReadonly;
    const screens = loadScreens();
    this.signIn = new SignInFlow(connector, async (session) =>
      createUi(session, { host, isReadonly, screens: await screens }),
    );
  }

  resize(columns: number, rows: number): void {
    const now = this.size.get();
    if (now.columns !== columns || now.rows !== rows) this.size.set({ columns, rows });
  }

  start(): void {
    void this.signIn.start();
  }

  async close(): Promise<void> {
    await this.signIn.close();
  }
}

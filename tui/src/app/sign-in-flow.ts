import { HqError } from '@hq/shared/errors';
import { errorText } from '../actions/error-text.ts';
import type { Connector, Session } from '../session/session.ts';
import { Store } from './store.ts';
import type { View, ViewPlace } from './view.ts';

type OpenPlacedView = (session: Session, place: ViewPlace | null) => View;

const retryMs = 3_000;

export type SignInState =
  /** `error`: the reason of the last failure; it is tried again. */
  | { readonly phase: 'connecting'; readonly error: string | null }
  | { readonly phase: 'form'; readonly isBusy: boolean; readonly error: string }
  | { readonly phase: 'signed-in'; readonly view: View };

/** The way to a session: connects, asks who is there, and retries while nothing answers. */
export class SignInFlow {
  readonly state = new Store<SignInState>({ phase: 'connecting', error: null });
  readonly #connector: Connector;
  readonly #loadView: () => Promise<OpenPlacedView>;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;
  /** The place where the last session was left. */
  #place: ViewPlace | null = null;

  constructor(connector: Connector, loadView: () => Promise<OpenPlacedView>) {
    this.#connector = connector;
    this.#loadView = loadView;
  }

  get host(): string {
    return this.#connector.host;
  }

  /** `reason`: the form's first message. */
  async start(reason = ''): Promise<void> {
    try {
      const [session] = await Promise.all([this.#connector.connect(), this.#loadView()]);
      if (session === null) this.state.set({ phase: 'form', isBusy: false, error: reason });
      else await this.#welcome(session);
    } catch (failure) {
      if (isRefusal(failure)) {
        // Another attempt would get the same answer; somebody else may sign in.
        this.state.set({ phase: 'form', isBusy: false, error: errorText(failure) });
        return;
      }
      this.state.set({ phase: 'connecting', error: errorText(failure) });
      if (!this.#isClosed) this.#timer = setTimeout(() => void this.start(reason), retryMs);
    }
  }

  /** Returns false where HQ said no. */
  async signIn(email: string, password: string): Promise<boolean> {
    this.state.set({ phase: 'form', isBusy: true, error: '' });
    try {
      await this.#welcome(await this.#connector.signIn(email, password));
      return true;
    } catch (failure) {
      this.state.set({ phase: 'form', isBusy: false, error: errorText(failure) });
      return false;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const state = this.state.get();
    if (state.phase === 'signed-in') await state.view.close();
  }

  async #welcome(session: Session): Promise<void> {
    const openView = await this.#loadView();
    if (this.#isClosed) {
      await session.close();
      return;
    }
    const view = openView(session, this.#place);
    this.#place = view.place;
    let isAsking = false;
    const stop = session.gateways.subscribe(async () => {
      const { error } = session.gateways.getSnapshot();
      if (isAsking || error === null) return;
      isAsking = true;
      const reason = await this.#whyOver(session, error);
      isAsking = false;
      if (reason === null || this.#isClosed) return;
      stop();
      await this.#signInAgain(view, reason);
    });
    this.state.set({ phase: 'signed-in', view });
  }

  /** Returns why a session is left after an error; null where it goes on. */
  async #whyOver(session: Session, error: HqError): Promise<string | null> {
    if (isRefusal(error)) return session.whyEnded();
    return (await this.#connector.hasMoved()) ? '' : null;
  }

  /** For a session that ended elsewhere: its rows would stay as they are for ever. */
  async #signInAgain(view: View, reason: string): Promise<void> {
    this.state.set({ phase: 'connecting', error: null });
    await view.close();
    if (!this.#isClosed) await this.start(reason);
  }
}

function isRefusal(failure: unknown): boolean {
  return failure instanceof HqError && (failure.code === 'unauthenticated' || failure.code === 'refused');
}

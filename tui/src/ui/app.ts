import { plainLine } from '@hq/shared/text';
import type { Intent } from '../keymap/bindings.ts';
import { bindingFor, bindingsHere, placesOf } from '../keymap/keymap.ts';
import { type Input, type KeyPress, key, type Mouse, type Paste } from '../terminal/input.ts';
import type { Theme } from '../theme/theme.ts';
import { actOn } from './act-on.ts';
import { Acting } from './acting.ts';
import { ChatDeeds } from './chat-deeds.ts';
import { Entrance } from './entrance.ts';
import { type Frame, type FrameParts, frameOf, sameFrame } from './frame/frame.ts';
import type { Door, House } from './house.ts';
import { Inside } from './inside.ts';
import { leadsTo } from './leads-to.ts';
import { Messages } from './messages.ts';
import { moved } from './moving.ts';
import { crumbOf, nameHere } from './naming.ts';
import { outputLines } from './output-text.ts';
import { HelpSheet } from './overlays/help-sheet.ts';
import type { Overlay } from './overlays/overlay.ts';
import { Palette } from './overlays/palette.ts';
import { carryOut } from './palette-deeds.ts';
import { homeOf, numbered, type Place, placeOf } from './place.ts';
import { SecretDeeds } from './secret-deeds.ts';
import { sentence } from './sentence.ts';
import type { SignInForm } from './sign-in-form.ts';
import type { Stage } from './stage.ts';
import type { Surroundings } from './surroundings.ts';
import { emptyField, fieldOf, type TextField, write } from './text-field.ts';
import type { RowsAt } from './view.ts';

export interface AppOptions {
  readonly door: Door;
  readonly isReadonly: boolean;
  readonly theme: Theme;
  readonly size: { readonly columns: number; readonly rows: number };
  readonly surroundings: Surroundings;
}

/** At most this often for rows that change; a key press is drawn at once. */
const frameMs = 100;
const tickMs = 1_000;

/** The whole face without the drawing: keys and rows go in, frames come out. */
export class App {
  readonly #options: AppOptions;
  readonly #listeners = new Set<() => void>();
  readonly #messages: Messages;
  readonly #entrance: Entrance;
  #theme: Theme;
  #size: AppOptions['size'];
  #frame: Frame;
  #inside: Inside | null = null;
  #hands: { readonly acting: Acting; readonly secrets: SecretDeeds; readonly chat: ChatDeeds } | null = null;
  #trail: Place[] = [{ screen: 'fleet' }];
  #overlay: Overlay | null = null;
  /** The filter while it is being written, and what it was before. */
  #filter: { readonly field: TextField; readonly before: string } | null = null;
  #rows: RowsAt | null = null;
  #hasMouse = false;
  #drawTimer: NodeJS.Timeout | null = null;
  #tickTimer: NodeJS.Timeout | null = null;
  #drawnAt = 0;
  #isClosed = false;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#theme = options.theme;
    this.#size = options.size;
    this.#messages = new Messages(options.surroundings.now);
    this.#entrance = new Entrance(
      options.door,
      (house) => this.#welcome(house),
      () => this.#draw(),
    );
    this.#frame = frameOf(this.#parts());
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The same object until something visible changes. */
  readonly frame = (): Frame => this.#frame;

  start(): void {
    this.#tickTimer = setInterval(() => this.#draw(), tickMs);
    void this.#entrance.open();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#entrance.close();
    for (const timer of [this.#drawTimer, this.#tickTimer]) if (timer !== null) clearTimeout(timer);
    await this.#inside?.close();
  }

  resize(columns: number, rows: number): void {
    this.#size = { columns, rows };
    this.#paint();
  }

  setTheme(theme: Theme): void {
    this.#theme = theme;
    this.#draw();
  }

  press(input: Input): void {
    if (input.type === 'reply') return;
    if (input.type === 'key' && input.name.startsWith('alt-') && this.#entrance.form === null) {
      // Nothing is bound to alt: over a slow link this is escape and the next key in one packet.
      const name = input.name.slice('alt-'.length);
      this.press(key('escape'));
      this.press(key(name, [...name].length === 1 ? name : null));
      return;
    }
    if (input.type === 'mouse') this.#point(input);
    else if (this.#entrance.form !== null) this.#pressForm(this.#entrance.form, input);
    else if (this.#overlay !== null) this.#pressOverlay(this.#overlay, input);
    else if (this.#filter !== null) this.#pressFilter(this.#filter, input);
    else if (input.type === 'key') this.#pressKey(input);
    this.#paint();
  }

  #welcome(house: House): void {
    this.#inside = new Inside(house, () => this.#soon());
    const stage: Stage = {
      messages: this.#messages,
      isReadonly: this.#options.isReadonly,
      ask: (overlay) => {
        this.#overlay = overlay;
      },
      dismiss: (overlay) => {
        if (this.#overlay === overlay) this.#overlay = null;
      },
      // A form that somebody fills in meanwhile is not taken away from under their hands.
      openCommand: (id) => {
        if (this.#overlay === null) this.go({ screen: 'command', id });
      },
      changed: () => this.#draw(),
    };
    this.#hands = {
      acting: new Acting(house, stage),
      secrets: new SecretDeeds(house, stage),
      chat: new ChatDeeds(house, stage),
    };
  }

  #pressForm(form: SignInForm, input: KeyPress | Paste): void {
    const isLeaving = input.type === 'key' && (input.name === 'ctrl-c' || input.name === 'escape');
    if (isLeaving) this.#options.surroundings.quit();
    else this.#entrance.press(form, input);
  }

  // Keys.

  #pressOverlay(overlay: Overlay, input: KeyPress | Paste): void {
    if (overlay.press(input) === 'close' && this.#overlay === overlay) this.#overlay = null;
  }

  #pressFilter(
    writing: { readonly field: TextField; readonly before: string },
    input: KeyPress | Paste,
  ): void {
    const list = this.#inside?.list();
    const name = input.type === 'key' ? input.name : '';
    if (list === undefined || list === null || name === 'enter') this.#filter = null;
    else if (name === 'escape' || name === 'ctrl-c') {
      list.setFilter(writing.before);
      this.#filter = null;
    } else if (name === 'up' || name === 'down') list.move(name === 'up' ? -1 : 1);
    else {
      const field = write(writing.field, input);
      if (field === null) return;
      this.#filter = { ...writing, field };
      list.setFilter(field.value);
    }
  }

  #pressKey(press: KeyPress): void {
    this.#messages.seen();
    if (this.#inside === null) {
      if (['q', 'ctrl-c', 'escape'].includes(press.name)) this.#options.surroundings.quit();
      return;
    }
    const binding = bindingFor(press.name, this.#here());
    if (binding !== null) this.perform(binding.does);
  }

  #here(): ReturnType<typeof placesOf> {
    return placesOf(this.place.screen, !['command', 'secret'].includes(this.place.screen));
  }

  get place(): Place {
    return this.#trail.at(-1) ?? { screen: 'fleet' };
  }

  go(place: Place): void {
    const isHere = JSON.stringify(place) === JSON.stringify(this.place);
    if (!isHere) this.#trail = [...this.#trail, place];
    this.#arrive();
  }

  /** The screens with numbers begin a new trail. */
  goHome(screen: (typeof numbered)[number]): void {
    this.#trail = [placeOf(screen)];
    this.#arrive();
  }

  #arrive(): void {
    this.#overlay = null;
    this.#filter = null;
    this.#inside?.goTo(this.place);
    this.#draw();
  }

  perform(intent: Intent): void {
    const [inside, hands] = [this.#inside, this.#hands];
    if (inside === null || hands === null) return;
    const { surroundings } = this.#options;
    const screen = /^screen-(\d)$/.exec(intent)?.[1];
    if (screen !== undefined) {
      const chosen = numbered[Number(screen) - 1];
      if (chosen !== undefined) this.goHome(chosen);
      return;
    }
    if (moved(intent, inside, this.#rows?.count ?? 1)) return;
    switch (intent) {
      case 'screen-next':
      case 'screen-before': {
        const at = numbered.indexOf(homeOf(this.place.screen)) + (intent === 'screen-next' ? 1 : -1);
        this.goHome(numbered[(at + numbered.length) % numbered.length] ?? 'fleet');
        break;
      }
      case 'open':
        this.#follow(inside);
        break;
      case 'back':
        this.#back(inside);
        break;
      case 'filter': {
        const before = inside.list()?.filter ?? '';
        this.#filter = { field: before === '' ? emptyField : fieldOf(before), before };
        break;
      }
      case 'sort':
        inside.list()?.sortByNext(this.#rows?.width ?? this.#size.columns);
        break;
      case 'sort-turn':
        inside.list()?.turnSort();
        break;
      case 'palette': {
        const gateway = inside.gateway();
        this.#overlay = new Palette(gateway === null ? '' : `on ${gateway.slug}`, (chosen) =>
          carryOut(chosen, { app: this, inside, acting: hands.acting, messages: this.#messages }),
        );
        break;
      }
      case 'help':
        this.#overlay = new HelpSheet(
          crumbOf(this.place, inside),
          bindingsHere(this.#here()),
          this.#options.isReadonly,
        );
        break;
      case 'refresh':
        inside.house.refresh();
        this.#messages.say('Reading everything anew.');
        break;
      case 'copy':
      case 'copy-all':
        this.#copy(intent === 'copy' ? nameHere(inside) : this.#frame.text, intent === 'copy');
        break;
      case 'pager':
        void this.#page(inside);
        break;
      case 'mouse':
        this.#hasMouse = !this.#hasMouse;
        surroundings.setMouse(this.#hasMouse);
        this.#messages.say(
          this.#hasMouse
            ? 'The mouse works; m gives selecting text back to the terminal.'
            : 'The mouse is off.',
        );
        break;
      case 'suspend':
        if (surroundings.suspend === null) {
          this.#messages.say(
            'HQ itself runs in this terminal and stays awake; open another one for the shell.',
          );
        } else surroundings.suspend();
        break;
      case 'redraw':
        surroundings.redraw();
        break;
      case 'quit':
        surroundings.quit();
        break;
      default:
        actOn(intent, this.place, { ...hands, inside, messages: this.#messages });
    }
  }

  #follow(inside: Inside): void {
    const place = leadsTo(this.place, inside);
    if (place !== null) this.go(place);
  }

  #back(inside: Inside): void {
    const list = inside.list();
    if (list !== null && list.filter !== '') list.setFilter('');
    else if (this.#trail.length > 1) {
      this.#trail = this.#trail.slice(0, -1);
      this.#arrive();
    } else this.#messages.clear();
  }

  #copy(text: string | null, isShort: boolean): void {
    if (text === null) return;
    const { bytes, cut } = this.#options.surroundings.copy(text);
    const told = isShort ? text : `${bytes} bytes`;
    this.#messages.say(
      cut ? `Copied the first ${bytes} bytes: the rest is too much for a terminal.` : `Copied ${told}`,
    );
  }

  async #page(inside: Inside): Promise<void> {
    // Many pagers hand on what would move the cursor or worse.
    const lines = outputLines(inside.output()).map(({ text }) => `${plainLine(text)}\n`);
    try {
      await this.#options.surroundings.openPager(lines.join(''));
    } catch (failure) {
      this.#messages.warn(sentence(failure));
    }
    this.#draw();
  }

  #point(mouse: Mouse): void {
    const list = this.#inside?.list() ?? null;
    if (this.#overlay !== null || this.#filter !== null || this.#inside === null) return;
    if (mouse.kind === 'wheel-up' || mouse.kind === 'wheel-down') {
      const by = mouse.kind === 'wheel-up' ? -3 : 3;
      if (list === null) this.#inside.scroll.move(by);
      else list.move(by);
      return;
    }
    const rows = this.#rows;
    if (mouse.kind !== 'press' || list === null || rows === null || mouse.x >= rows.width) return;
    const at = mouse.y - this.#frame.bodyTop - rows.line;
    if (at < 0 || at >= rows.count) return;
    if (rows.firstIndex + at === list.index) this.#follow(this.#inside);
    else list.moveTo(rows.firstIndex + at);
  }

  // Drawing.

  /** Rows changed: draws soon, however often it is called. */
  #soon(): void {
    if (this.#drawTimer !== null || this.#isClosed) return;
    const pause = Math.max(0, this.#drawnAt + frameMs - Date.now());
    this.#drawTimer = setTimeout(() => {
      this.#drawTimer = null;
      this.#draw();
    }, pause);
  }

  #draw(): void {
    this.#inside?.take();
    this.#drawnAt = Date.now();
    this.#paint();
  }

  #paint(): void {
    if (this.#isClosed) return;
    const next = frameOf(this.#parts());
    this.#rows = next.rowsAt;
    if (sameFrame(this.#frame, next)) return;
    this.#frame = next;
    for (const listener of this.#listeners) listener();
  }

  #parts(): FrameParts {
    const inside = this.#inside;
    if (inside !== null) this.#hands?.acting.watch(inside.newest());
    return {
      size: this.#size,
      theme: this.#theme,
      host: this.#entrance.host,
      isReadonly: this.#options.isReadonly,
      localNow: this.#options.surroundings.now(),
      inside,
      form: this.#entrance.form,
      doorError: this.#entrance.error,
      trail: this.#trail,
      here: this.#here(),
      message: this.#messages.current,
      filter: this.#filter?.field ?? null,
      overlay: this.#overlay,
    };
  }
}

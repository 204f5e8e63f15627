/** What the screens ask of the terminal they are drawn on. */
export interface Surroundings {
  readonly copy: (text: string) => { readonly bytes: number; readonly cut: boolean };
  readonly openPager: (text: string) => Promise<void>;
  /** null where HQ itself runs in this terminal, and would be put to sleep with its face. */
  readonly suspend: (() => void) | null;
  readonly redraw: () => void;
  readonly setMouse: (isOn: boolean) => void;
  readonly quit: () => void;
  /** Local epoch milliseconds. */
  readonly now: () => number;
}

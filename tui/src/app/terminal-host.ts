/** The terminal that the screens are drawn on, as far as they use it. */
export interface TerminalHost {
  readonly copy: (text: string) => { readonly bytes: number; readonly cut: boolean };
  readonly openPager: (text: string) => Promise<void>;
  /** Null where HQ itself runs in this terminal and would be stopped along with its client. */
  readonly suspend: (() => void) | null;
  readonly redraw: () => void;
  readonly setMouse: (isOn: boolean) => void;
  readonly quit: () => void;
  /** Local epoch milliseconds. */
  readonly now: () => number;
}

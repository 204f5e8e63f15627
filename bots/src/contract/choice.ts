/** A value that somebody can pick, in a menu, a form or a completion. */
export interface Choice {
  readonly label: string;
  readonly value: string;
}

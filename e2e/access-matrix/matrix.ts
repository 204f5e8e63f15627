import type { AccessHarness } from './harness.ts';

/** One platform with everybody who may not, and every way in which they could try. */
export interface AccessMatrix {
  readonly platform: string;
  /** Who tries it, and how. */
  readonly cells: readonly Cell[];
  open(harness: AccessHarness): Promise<AccessAttempts>;
}

export interface Cell {
  readonly person: string;
  readonly surface: string;
  /** Whether they may read here, and only not do this. */
  readonly mayRead: boolean;
}

export interface AccessAttempts {
  /** Who tries, as the platform numbers them. */
  accountOf(cell: Cell): string;
  attempt(cell: Cell): Promise<unknown>;
  /** A viewer asks for the agents. */
  read(): Promise<unknown>;
  /** Everything that has gone out so far. */
  sent(): readonly unknown[];
}

/** The reader comes last, so that what others were sent can be looked through before. */
export function cellsOf<Person extends string, Surface extends string>(
  people: Readonly<Record<Person, readonly Surface[]>>,
  readers: readonly Person[],
): Cell[] {
  const all: Cell[] = [];
  for (const person in people) {
    for (const surface of people[person]) all.push({ person, surface, mayRead: readers.includes(person) });
  }
  return all.toSorted((a, b) => Number(a.mayRead) - Number(b.mayRead));
}

/** Has that person come in by that way. */
export async function attempt<Scene, Somebody>(
  { person, surface }: Cell,
  surfaces: Readonly<Record<string, (scene: Scene, somebody: Somebody) => unknown>>,
  scene: Scene,
  cast: Readonly<Record<string, Somebody>>,
): Promise<void> {
  const somebody = cast[person];
  const comeIn = surfaces[surface];
  if (somebody === undefined || comeIn === undefined) throw new Error(`there is no ${person}, ${surface}`);
  await comeIn(scene, somebody);
}

import type { AccessHarness } from './harness.ts';

/** People without access on one platform, and every surface on which they could try. */
export interface AccessMatrix {
  readonly platform: string;
  /** Pairs of a person and a surface. */
  readonly cells: readonly Cell[];
  open(harness: AccessHarness): Promise<AccessAttempts>;
}

export interface Cell {
  readonly person: string;
  readonly surface: string;
  /** True if the person may read here, but not perform this action. */
  readonly mayRead: boolean;
}

export interface AccessAttempts {
  /** Returns the platform's id of the person. */
  accountOf(cell: Cell): string;
  attempt(cell: Cell): Promise<unknown>;
  /** Lists the agents as a viewer. */
  read(): Promise<unknown>;
  /** Returns everything that the bot sent so far. */
  sent(): readonly unknown[];
}

/** Sorts readers last, so that the messages to all others can be checked before. */
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

/** Performs the attempt of one cell. */
export async function attempt<Scene, Somebody>(
  { person, surface }: Cell,
  surfaces: Readonly<Record<string, (scene: Scene, somebody: Somebody) => unknown>>,
  scene: Scene,
  cast: Readonly<Record<string, Somebody>>,
): Promise<void> {
  const somebody = cast[person];
  const surfaceAttempt = surfaces[surface];
  if (somebody === undefined || surfaceAttempt === undefined)
    throw new Error(`there is no ${person}, ${surface}`);
  await surfaceAttempt(scene, somebody);
}

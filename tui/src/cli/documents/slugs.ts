/** Slugs by id. */
export type Slugs = ReadonlyMap<string, string>;

/** Slugs of the rows that a document refers to by id. */
export interface FleetSlugs {
  readonly gateways: Slugs;
  readonly agents: Slugs;
}

export function slugsOf(rows: readonly { readonly id: string; readonly slug: string }[]): Slugs {
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}

export function slugOf(id: string | null, slugs: Slugs): string | null {
  return id === null ? null : (slugs.get(id) ?? null);
}

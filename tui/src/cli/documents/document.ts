import type { HqClient } from '@hq/shared/client';
import type { AgentHealthRow } from '@hq/shared/rows';

/** Slugs by id. */
export type Slugs = ReadonlyMap<string, string>;

/** Everything that documents are made of besides their row. */
export interface DocumentContext {
  readonly gateways: Slugs;
  readonly agents: Slugs;
  /** Health by the id of the agent. */
  readonly health: ReadonlyMap<string, AgentHealthRow>;
  /** Epoch milliseconds by the database's clock. */
  readonly now: number;
}

export function slugsOf(rows: readonly { readonly id: string; readonly slug: string }[]): Slugs {
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}

export function slugOf(id: string | null, slugs: Slugs): string | null {
  return id === null ? null : (slugs.get(id) ?? null);
}

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name;

/** Returns these columns of a row as a document names them: `created_at` is `createdAt` there. */
export function fieldsOf<Row extends object, const Column extends keyof Row & string>(
  row: Row,
  columns: readonly Column[],
): { [Name in Column as CamelCase<Name>]: Row[Name] };
export function fieldsOf(row: Readonly<Record<string, unknown>>, columns: readonly string[]): object {
  const camelCase = (name: string): string =>
    name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(columns.map((name) => [camelCase(name), row[name]]));
}

/** Returns the document of a list: its content, and the database's time of the answer. */
export function listDocument<Content extends object>(
  client: HqClient,
  content: Content,
): { asOf: string } & Content {
  return { asOf: new Date(client.clock.now()).toISOString(), ...content };
}

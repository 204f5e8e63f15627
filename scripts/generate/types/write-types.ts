import type { Catalog, Column } from './catalog.ts';

const scalars: Readonly<Record<string, string>> = {
  bool: 'boolean',
  bytea: 'string',
  date: 'string',
  float4: 'number',
  float8: 'number',
  int2: 'number',
  int4: 'number',
  int8: 'number',
  json: 'Json',
  jsonb: 'Json',
  numeric: 'number',
  text: 'string',
  time: 'string',
  timestamp: 'string',
  timestamptz: 'string',
  uuid: 'string',
  varchar: 'string',
  void: 'undefined',
};

/** As PostgREST writes the value to JSON; a type that is not known here stays `unknown`. */
function typeOf(catalog: Catalog, type: string): string {
  if (type.startsWith('_')) return `${typeOf(catalog, type.slice(1))}[]`;
  if (catalog.enums.some(({ name }) => name === type)) return `Database['public']['Enums']['${type}']`;
  if (catalog.columns.some(({ table }) => table === type))
    return `Database['public']['Tables']['${type}']['Row']`;
  return scalars[type] ?? 'unknown';
}

function byTable<T extends { readonly table: string }>(rows: readonly T[]): Map<string, T[]> {
  return Map.groupBy(rows, ({ table }) => table);
}

function shape(name: string, fields: readonly string[]): string[] {
  return [`        ${name}: {`, ...fields.map((field) => `          ${field};`), '        };'];
}

function tableTypes(catalog: Catalog, table: string, columns: readonly Column[]): string[] {
  const field = (column: Column, mark: string) =>
    `${column.name}${mark}: ${typeOf(catalog, column.type)}${column.nullable ? ' | null' : ''}`;
  const writable = columns.filter(({ generated }) => !generated);
  const relationships = catalog.relationships.filter((relationship) => relationship.table === table);
  const list = (names: readonly string[]) => `[${names.map((name) => `'${name}'`).join(', ')}]`;
  return [
    `      ${table}: {`,
    ...shape(
      'Row',
      columns.map((column) => field(column, '')),
    ),
    ...shape(
      'Insert',
      writable.map((column) => field(column, column.optional ? '?' : '')),
    ),
    ...shape(
      'Update',
      writable.map((column) => field(column, '?')),
    ),
    relationships.length === 0 ? '        Relationships: [];' : '        Relationships: [',
    ...relationships.flatMap(({ name, columns: own, one_to_one, other, other_columns }) => [
      '          {',
      `            foreignKeyName: '${name}';`,
      `            columns: ${list(own)};`,
      `            isOneToOne: ${one_to_one};`,
      `            referencedRelation: '${other}';`,
      `            referencedColumns: ${list(other_columns)};`,
      '          },',
    ]),
    ...(relationships.length === 0 ? [] : ['        ];']),
    '      };',
  ];
}

function functionTypes(catalog: Catalog): string[] {
  return catalog.functions.flatMap((signature) => {
    const args = signature.arguments.map(
      ({ name, type, optional }) =>
        `${name}${optional ? '?' : ''}: ${typeOf(catalog, type)}${optional ? ' | null' : ''}`,
    );
    const one =
      signature.row.length > 0
        ? `{ ${signature.row.map(({ name, type }) => `${name}: ${typeOf(catalog, type)}`).join('; ')} }`
        : typeOf(catalog, signature.returns);
    return [
      `      ${signature.name}: {`,
      `        Args: ${args.length > 0 ? `{ ${args.join('; ')} }` : 'Record<PropertyKey, never>'};`,
      `        Returns: ${one}${signature.returns_set ? '[]' : ''};`,
      '      };',
    ];
  });
}

/** The `Database` type for `createClient<Database>`, as a module. */
export function writeTypes(catalog: Catalog): string {
  const tables = [...byTable(catalog.columns)];
  return [
    '// Made by `hq-db types` from the migrations. Change those, then run it again.',
    '',
    'export type Json = string | number | boolean | null | { [key: string]: Json | undefined } | Json[];',
    '',
    'export type Database = {',
    '  public: {',
    '    Tables: {',
    ...tables.flatMap(([table, columns]) => tableTypes(catalog, table, columns)),
    '    };',
    '    Views: Record<never, never>;',
    '    Functions: {',
    ...functionTypes(catalog),
    '    };',
    '    Enums: {',
    ...catalog.enums.map(
      ({ name, labels }) => `      ${name}: ${labels.map((label) => `'${label}'`).join(' | ')};`,
    ),
    '    };',
    '    CompositeTypes: Record<never, never>;',
    '  };',
    '};',
    '',
  ].join('\n');
}

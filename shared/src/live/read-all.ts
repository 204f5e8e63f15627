/** The most rows in one answer of PostgREST. */
const pageSize = 1000;

/**
 * Reads a whole table or its first `limit` rows page by page. `readPage` takes the first and the last index, both
 * inclusive, of a query whose order is total: with ties a row may be missed between two pages.
 */
export async function readAll<Row>(
  readPage: (from: number, to: number) => Promise<readonly Row[]>,
  limit = Number.POSITIVE_INFINITY,
): Promise<Row[]> {
  const rows: Row[] = [];
  while (rows.length < limit) {
    const wanted = Math.min(pageSize, limit - rows.length);
    const page = await readPage(rows.length, rows.length + wanted - 1);
    rows.push(...page);
    if (page.length < wanted) break;
  }
  return rows;
}

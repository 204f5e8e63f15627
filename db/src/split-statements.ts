export interface Statement {
  readonly sql: string;
  /** The line of the file on which the statement begins, from 1. */
  readonly line: number;
}

/** A comment, a quoted text, a dollar-quoted text, or the end of a statement. */
const token = /--[^\n]*|'(?:[^']|'')*'|"[^"]*"|(\$[a-zA-Z_]*\$)[\s\S]*?\1|;|$/g;

/** Splits a file into its statements. Block comments and `E'\''` are not understood; HQ's files use neither. */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = [];
  let start = 0;
  for (const found of sql.matchAll(token)) {
    if (found[0] !== ';' && found[0] !== '') continue;
    const end = found.index + found[0].length;
    const text = sql.slice(start, end);
    const lead = /^(?:\s|--[^\n]*\n)*/.exec(text)?.[0].length ?? 0;
    if (lead < text.length)
      statements.push({ sql: text.slice(lead), line: sql.slice(0, start + lead).split('\n').length });
    start = end;
  }
  return statements;
}

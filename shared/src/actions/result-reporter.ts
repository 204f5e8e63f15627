/** Receives a sentence about each result that does not fit the schema of its action. */
export type ResultReporter = (warning: string) => void;

let reporter: ResultReporter = () => undefined;

/** Replaces the reporter. The tests throw, so that no result of a wrong form passes one; clients show `resultWarning`. */
export function setResultReporter(next: ResultReporter): void {
  reporter = next;
}

export function reportResult(warning: string): void {
  reporter(warning);
}

import { setResultReporter } from '../src/actions/result-reporter.ts';

/** Fails a test in which a result does not fit the schema of its action. */
export function refuseMisfits(): void {
  setResultReporter((warning) => {
    throw new Error(warning);
  });
}

refuseMisfits();

import { setResultReporter } from '../src/actions/result-reporter.ts';

// Fails every test in which a result does not fit the schema of its action.
setResultReporter((warning) => {
  throw new Error(warning);
});

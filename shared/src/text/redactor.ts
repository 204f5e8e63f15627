import { KnownValues, type Span } from './known-values.ts';

const mark = '[redacted]';

/**
 * Shapes of credentials that are worth taking out even when nobody told of them. None of them reaches
 * over a quote or a blank, so that redacting a line of JSON leaves it JSON.
 */
const shapes: readonly RegExp[] = [
  // JSON web tokens: Supabase keys and access tokens.
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g,
  // Supabase's newer keys and personal tokens.
  /\bsb(?:p|_secret|_publishable)_[A-Za-z0-9_-]{16,}/g,
  // Model providers and GitHub.
  /\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,}/g,
  /\b(?:gsk|xai|hf|r8|nvapi|pplx|ghp|gho|ghu|ghs|ghr|glpat|github_pat|npm)[_-][A-Za-z0-9_-]{16,}/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  // Chat platforms: Slack, Telegram, Discord.
  /\bx(?:ox[a-z]|app)-[A-Za-z0-9-]{10,}/g,
  /\b\d{6,12}:[A-Za-z0-9_-]{30,}/g,
  /\b[MNO][A-Za-z0-9_-]{22,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}/g,
  // This house's own envelopes and credentials.
  /\b(?:enc|cred):v1:[A-Za-z0-9_.-]{16,}/g,
  /(?<=\bbearer\s+)[A-Za-z0-9_.~+/-]{8,}=*/gi,
  // A plain word behind "basic" is prose, such as the name of Slack's page Basic Information.
  /(?<=\b[Bb](?:asic|ASIC)\s+)(?![A-Z]?[a-z]+(?![A-Za-z0-9_.~+/=-]))[A-Za-z0-9_.~+/-]{8,}=*/g,
  // What stands after a name that says what it is.
  /(?<=\b(?:authorization|password|passwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token)["']?\s*[=:]\s*["']?)(?!bearer\b|basic\b)[^\s"',;[\]{}]{6,}/gi,
  // User and password in an address.
  /(?<=\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:)[^\s/@"']+(?=@)/gi,
];

const keyBegins = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const keyEnds = /-----END [A-Z ]*PRIVATE KEY-----/;

/** The longest run of text that one secret can take up; text is never cut nearer than this to its open end. */
export const longestSecret = 8192;

/** Takes known secrets and whatever looks like one out of text. */
export interface Redactor {
  /** One piece of text that stands alone: a line of a log, an error. */
  text(text: string): string;
  /** A reader of lines that belong together, which also takes out private keys that span several lines. */
  lines(): (line: string) => string;
  /** Where the secrets stand in a text, so that it can be cut beside them. */
  spans(text: string): readonly Span[];
  /** Tells it the values that are in use now, in place of those it was told before. */
  learn(values: Iterable<string>): void;
}

/**
 * A redactor that knows these values for as long as it lives, beside what it learns. A value, or a line of one, that has fewer
 * than eight characters is not looked for.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  let known = new KnownValues(secrets);

  const text = (input: string): string => {
    let output = '';
    let from = 0;
    for (const { start, end } of known.spans(input)) {
      output += input.slice(from, start) + mark;
      from = end;
    }
    output += input.slice(from);
    for (const shape of shapes) output = output.replace(shape, mark);
    return output;
  };

  return {
    text: (input) => {
      const begins = keyBegins.exec(input);
      if (begins === null) return text(input);
      const ends = keyEnds.exec(input);
      const rest = ends === null ? '' : input.slice(ends.index + ends[0].length);
      return text(input.slice(0, begins.index)) + mark + text(rest);
    },
    lines: () => {
      let insideKey = false;
      return (line) => {
        if (insideKey) {
          insideKey = !keyEnds.test(line);
          return mark;
        }
        if (keyBegins.test(line)) {
          insideKey = !keyEnds.test(line);
          return mark;
        }
        return text(line);
      };
    },
    spans: (input) => {
      const found = known.spans(input);
      for (const shape of shapes) {
        for (const match of input.matchAll(shape)) {
          found.push({ start: match.index, end: match.index + match[0].length });
        }
      }
      return found;
    },
    learn: (values) => {
      known = new KnownValues([...secrets, ...values]);
    },
  };
}

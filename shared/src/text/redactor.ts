import { KnownValues, type Span } from './known-values.ts';

const mark = '[redacted]';

/**
 * Patterns of credentials that are redacted even if their values are not known. None of them spans a quote or a blank,
 * so that a redacted line of JSON is still JSON.
 */
const patterns: readonly RegExp[] = [
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
  // HQ's own envelopes and credentials.
  /\b(?:enc|cred):v1:[A-Za-z0-9_.-]{16,}/g,
  /(?<=\bbearer\s+)[A-Za-z0-9_.~+/-]{8,}=*/gi,
  // A plain word after "basic" is prose, such as the name of Slack's page Basic Information.
  /(?<=\b[Bb](?:asic|ASIC)\s+)(?![A-Z]?[a-z]+(?![A-Za-z0-9_.~+/=-]))[A-Za-z0-9_.~+/-]{8,}=*/g,
  // Values after the name of a credential.
  /(?<=\b(?:authorization|password|passwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token)["']?\s*[=:]\s*["']?)(?!bearer\b|basic\b)[^\s"',;[\]{}]{6,}/gi,
  // User and password in an address.
  /(?<=\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:)[^\s/@"']+(?=@)/gi,
];

const keyBegins = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const keyEnds = /-----END [A-Z ]*PRIVATE KEY-----/;

/** The longest text of one secret; text is never cut closer than this to its open end. */
export const longestSecret = 8192;

/** Removes known secrets, and text that looks like one. */
export interface Redactor {
  /** Redacts one piece of text, such as a line of a log or an error. */
  text(text: string): string;
  /** Returns a function for the lines of one text, which also redacts private keys that span several lines. */
  lines(): (line: string) => string;
  /** Returns the positions of the secrets in a text, so that it can be cut beside them. */
  spans(text: string): readonly Span[];
  /** Replaces the values of the last call by the ones that are in use now. */
  learn(values: Iterable<string>): void;
}

/**
 * Creates a redactor that always knows these values, beside the ones that it learns. It ignores values, and lines of
 * values, of fewer than eight characters.
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
    for (const pattern of patterns) output = output.replace(pattern, mark);
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
      let isInKey = false;
      return (line) => {
        if (isInKey) {
          isInKey = !keyEnds.test(line);
          return mark;
        }
        if (keyBegins.test(line)) {
          isInKey = !keyEnds.test(line);
          return mark;
        }
        return text(line);
      };
    },
    spans: (input) => {
      const found = known.spans(input);
      for (const pattern of patterns) {
        for (const match of input.matchAll(pattern)) {
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

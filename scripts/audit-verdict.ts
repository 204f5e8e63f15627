import { z } from 'zod';

interface AuditVerdict {
  readonly code: 'clean' | 'vulnerable' | 'unanswered';
  readonly lines: readonly string[];
}

const severities = ['info', 'low', 'moderate', 'high', 'critical'] as const;
const report = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({ severity: z.enum(severities), isDirect: z.boolean(), range: z.string() }),
  ),
});
const failure = z.object({ message: z.string() });

/** Returns the meaning of what `npm audit --json` wrote. */
export function auditVerdict(output: string): AuditVerdict {
  const answer = parseJson(output);
  const parsed = report.safeParse(answer);
  if (!parsed.success) {
    const { data } = failure.safeParse(answer);
    const reason = data?.message ?? 'the answer is no audit report';
    return {
      code: 'unanswered',
      lines: [`The registry did not answer: nothing was audited. Reason: ${reason}`],
    };
  }
  const found = Object.entries(parsed.data.vulnerabilities);
  const lines = found.map(
    ([name, { severity, isDirect, range }]) =>
      `${severity}: ${name} ${range}${isDirect ? '' : ' (a dependency of a dependency)'}`,
  );
  const isSevere = found.some(([, { severity }]) => severity === 'high' || severity === 'critical');
  if (isSevere)
    return { code: 'vulnerable', lines: [...lines, 'Update these packages: npm audit explains each.'] };
  return { code: 'clean', lines: [...lines, 'No known weakness of severity high or critical.'] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

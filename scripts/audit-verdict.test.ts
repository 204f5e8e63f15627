import { expect, it } from 'vitest';
import { auditVerdict } from './audit-verdict.ts';

const reportOf = (severity: string) =>
  JSON.stringify({ vulnerabilities: { ws: { severity, isDirect: true, range: '<8.17.1' } } });

it('passes with no finding, and with one below severity high, which it names', () => {
  expect(auditVerdict('{"vulnerabilities": {}}').code).toBe('clean');
  const verdict = auditVerdict(reportOf('moderate'));
  expect(verdict.code).toBe('clean');
  expect(verdict.lines).toContain('moderate: ws <8.17.1');
});

it.each(['high', 'critical'])('fails with a finding of severity %s', (severity) => {
  expect(auditVerdict(reportOf(severity)).code).toBe('vulnerable');
});

it.each([
  ['a refusal', '{"message": "405 Method Not Allowed", "error": {"summary": ""}}', '405 Method Not Allowed'],
  ['no JSON', '<html>', 'no audit report'],
  ['nothing', '', 'no audit report'],
])('says that nothing was audited where the registry answers with %s', (_, output, reason) => {
  const { code, lines } = auditVerdict(output);
  expect(code).toBe('unanswered');
  expect(lines.join(' ')).toMatch(/nothing was audited/);
  expect(lines.join(' ')).toContain(reason);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envLine, secretNameFault, secretValueFault } from '@hq/shared/secrets';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { agentRecords } from '../agent-records.ts';
import { execEnvironment, parseSecrets } from './exec-environment.ts';

const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/).filter((key) => secretNameFault(key) === null);
const value = fc.string({ unit: 'binary' }).filter((text) => secretValueFault(text) === null);

it('reads back every file that HQ writes', () => {
  fc.assert(
    fc.property(fc.dictionary(name, value), (secrets) => {
      const text = Object.entries(secrets)
        .map(([key, secret]) => `${envLine(key, secret)}\n`)
        .join('');
      expect(parseSecrets(text)).toEqual({ ...secrets });
    }),
  );
});

it.each([
  ['a value without quotes', 'KEY=value\n'],
  ['a command', "KEY='value'\nrm -rf /\n"],
  ['a value in double quotes', 'KEY="value"\n'],
  ['a name in small letters', "key='value'\n"],
  ['text behind the value', "KEY='value' # comment\n"],
  ['a file that was cut off', "KEY='value'\nOTHER='val"],
  ['a last line without its end', "KEY='value'"],
])('gives no variable for %s', (_what, text) => {
  expect(parseSecrets(text)).toBeNull();
});

it('leaves out reserved names, which are the gateway’s own', () => {
  expect(parseSecrets("HQ_KEY='secret'\nLD_PRELOAD='x.so'\nPATH='/evil'\nTOKEN='t'\n")).toEqual({
    TOKEN: 't',
  });
});

let state: string;
let faults: string[];
const environmentOf = (agent: string) => {
  const onFault = (sentence: string) => faults.push(sentence);
  return execEnvironment(state, agentRecords(state, onFault), agent, onFault);
};

beforeEach(() => {
  faults = [];
  state = mkdtempSync(join(tmpdir(), 'hq-secrets-'));
  mkdirSync(join(state, 'secrets', 'agents'), { recursive: true });
  mkdirSync(join(state, 'hq', 'agents'), { recursive: true });
  for (const slug of ['maya', 'noor']) {
    const record = { agentId: crypto.randomUUID(), slug, token: 'a'.repeat(64) };
    writeFileSync(join(state, 'hq', 'agents', `acme-${slug}.json`), JSON.stringify(record));
  }
  writeFileSync(join(state, 'secrets', 'gateway.env'), "ALL='of all'\nOWN='of the gateway'\n");
  writeFileSync(join(state, 'secrets', 'agents', 'maya.env'), "OWN='of maya'\nMAYA='hers'\n");
});
afterEach(() => rmSync(state, { recursive: true }));

it('overlays the gateway’s secrets with the agent’s own', () => {
  expect(environmentOf('acme-maya')).toEqual({ ALL: 'of all', OWN: 'of maya', MAYA: 'hers' });
  expect(environmentOf('acme-noor')).toEqual({ ALL: 'of all', OWN: 'of the gateway' });
});

it('gives nothing to an agent that HQ does not manage', () => {
  expect(environmentOf('maya')).toEqual({});
  expect(environmentOf('../agents/acme-maya')).toEqual({});
});

it('gives nothing of a damaged file, and reports it without a value', () => {
  writeFileSync(join(state, 'secrets', 'agents', 'maya.env'), "OWN='of maya'\nMAYA=hers\n");
  expect(environmentOf('acme-maya')).toEqual({ ALL: 'of all', OWN: 'of the gateway' });
  expect(faults).toEqual(['agents/maya.env of the secrets is damaged: no command gets its variables.']);
});

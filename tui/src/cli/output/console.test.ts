import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { openConsole } from './console.ts';

function printed(value: unknown, env: NodeJS.ProcessEnv): string {
  const stdout = new PassThrough({ encoding: 'utf8' });
  openConsole({ env, stdin: new PassThrough(), stdout, stderr: new PassThrough() }).printJson(value);
  return stdout.read();
}

it.each([['en_US.UTF-8'], ['C']])(
  'prints JSON that no terminal obeys, and loses nothing, with LANG=%s',
  (LANG) => {
    const value = {
      question: 'Zoë \u009b2J\u009d0;title\u009c \u202etxt.exe\u2066 \u007f \u{e0041} \u001b[2J',
    };
    const json = printed(value, { LANG });
    expect(json.trimEnd()).not.toMatch(/\p{Cc}|\p{Cf}/u);
    expect(JSON.parse(json)).toEqual(value);
  },
);

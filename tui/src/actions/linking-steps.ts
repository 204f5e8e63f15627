/** Returns the instructions for a code, as sentences. */
export function linkingSteps(code: string, lastsMs: number): readonly string[] {
  return [
    `Within ${Math.ceil(lastsMs / 60_000)} minutes, send this to HQ in a direct message, in Slack, Discord or Telegram:`,
    `  /hq link ${code}`,
    'It works once, and whoever sends it speaks for you: give it to nobody.',
  ];
}

import { afterEach, expect, it } from 'vitest';
import { renderComponent } from '../../testing/rendered.tsx';
import { sampleCommands, sampleConnector } from '../../testing/sample-session.ts';
import { createLookups } from '../columns/lookups.ts';
import { Panel } from '../widgets/panel.tsx';
import { CommandFacts, factLines } from './command-facts.tsx';

const reason =
  'maya is not as it has to be: There is no template nobody. Templates: default, data-analyst, operations, writer.';
const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

it('shows the whole reason of a failure in a narrow window', async () => {
  const session = await sampleConnector('live', false).connect();
  const [sample] = sampleCommands;
  if (session === null || sample === undefined) throw new Error('the sample is empty');
  const command = { ...sample, status: 'failed' as const, error_message: reason };
  const context = { lookups: createLookups()([], [], [], []), now: session.now(), member: session.member };
  const { frames, text } = renderComponent(
    <Panel width={80} height={10}>
      <CommandFacts command={command} context={context} />
    </Panel>,
  );
  closing.push(() => frames.close());
  expect(text().replaceAll(/\s+/g, ' ')).toContain(reason);
  expect(factLines(command, 80)).toBe(5);
  const long = { ...command, error_message: reason.repeat(20) };
  expect(factLines(long, 80)).toBe(9);
});

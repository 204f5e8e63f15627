/** The smallest program that draws with Ink on the alternate screen: no client on Ink can start faster. */
import { Box, render, Text } from 'ink';

render(
  <Box width={process.stdout.columns} height={process.stdout.rows}>
    <Text>HQ</Text>
  </Box>,
  { alternateScreen: true, interactive: true, patchConsole: false },
);
setTimeout(() => process.exit(0), 5_000);

import { SecretFiles } from '../secrets/secret-files.ts';

/** Writes two contents in turn until it is killed. */
const [path = '', first = '', second = ''] = process.argv.slice(2);
await SecretFiles.open(path, (files) => files.removeLeftovers());
for (let round = 0; ; round += 1) {
  const text = (round % 2 === 0 ? first : second).repeat(100_000);
  await SecretFiles.open(path, async (files) => {
    await files.read();
    await files.write({ gateway: text, agents: new Map([['maya', text]]) });
  });
  if (round === 0) process.stdout.write('written\n');
}

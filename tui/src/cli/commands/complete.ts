import { plain } from '@hq/shared/text';
import type { AddCommand } from '../command.ts';
import { completionCandidates } from '../completion/candidates.ts';
import { readKnownNames } from '../completion/known-names.ts';

/** Completes the last word: the scripts of `completion` call it. */
export const addComplete: AddCommand = (parent, console) => {
  parent
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .passThroughOptions()
    .action(async (words: string[]) => {
      const candidates = await completionCandidates(parent, words, () => readKnownNames(console.env));
      for (const { value, about } of candidates) console.print(`${plain(value)}\t${plain(about)}`);
    });
};

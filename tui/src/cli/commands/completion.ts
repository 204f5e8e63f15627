import { Argument } from 'commander';
import type { AddCommand } from '../command.ts';
import { completionScript, shells } from '../completion/scripts.ts';

export const addCompletion: AddCommand = (parent, console) => {
  parent
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .description('the completion script of a shell')
    .action((shell: string) => console.print(completionScript(shell)));
};

import { type Action, type ActionName, catalogue } from '@hq/shared/actions';
import type { Command } from 'commander';
import { flag, parseToWrite, writeOptions } from '../arguments/options.ts';
import type { AddCommand } from '../command.ts';
import { connectMember } from '../connection/connect-member.ts';
import { printCommand } from '../output/command-result.ts';
import { confirmAction } from '../prompts/confirm.ts';

/** Makes a short command of an action on the workspace that has no fields. */
function workspaceCommand(name: string, actionName: ActionName): AddCommand {
  return (parent, console) => {
    const action: Action = catalogue[actionName];
    parent
      .command(name)
      .description(action.title.charAt(0).toLowerCase() + action.title.slice(1))
      .option('--yes', 'do not ask for confirmation')
      .option('--json', 'the command as a JSON document')
      .action(async (_options: unknown, self: Command) => {
        const { json, yes } = parseToWrite(writeOptions.extend({ yes: flag }), self);
        if (!yes) await confirmAction(console, action, actionName, 'the workspace');
        const { client } = await connectMember(console.env);
        const { command } = await client.enqueue({ action: actionName, payload: {}, origin: 'cli' });
        await printCommand(console, client, command, json);
      });
  };
}

export const addStopAll = workspaceCommand('stop-all', 'stop_all');
export const addResumeAll = workspaceCommand('resume-all', 'resume_all');

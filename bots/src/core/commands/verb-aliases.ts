import { HqError } from '@hq/shared/errors';
import { type ActionTable, findAction } from '../action-table.ts';
import { sharedVerbs, synonyms } from './action-commands.ts';
import { textArgument } from './arguments.ts';
import type { Command, CommandContext } from './command.ts';
import { defineCommand } from './define-command.ts';

/** `pause X` for a gateway or an agent, whichever X names. */
export function verbCommands(actions: ActionTable): Command[] {
  return sharedVerbs(actions).map((verb) => verbCommand(verb, actions));
}

function verbCommand(verb: string, actions: ActionTable): Command {
  const nameOf = (kind: 'gateway' | 'agent'): string => `${verb}_${kind}`;
  return defineCommand({
    name: verb,
    aliases: synonyms[verb] ?? [],
    title: `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`,
    summary: `${findAction(actions, nameOf('agent'))?.title}, or a gateway: whichever is named.`,
    arguments: [textArgument('target', 'An agent or a gateway', { completion: 'agent' })],
    visibility: { action: nameOf('agent') },
    rank: 20,
    isTypedOnly: true,
    async run(context) {
      const { target } = context.values;
      const kind = target === undefined ? 'agent' : await kindOf(target, verb, context);
      return { command: nameOf(kind), values: target === undefined ? {} : { [kind]: target } };
    },
  });
}

async function kindOf(
  target: string,
  verb: string,
  { services, delivery }: CommandContext,
): Promise<'gateway' | 'agent'> {
  const isNameOf = async (kind: 'gateway' | 'agent'): Promise<boolean> =>
    (await services.autocomplete.find(delivery, kind, target)).some(({ value }) => value === target);
  const [isGateway, isAgent] = await Promise.all([isNameOf('gateway'), isNameOf('agent')]);
  if (isGateway && isAgent) {
    throw new HqError('usage', `“${target}” is a gateway and an agent.`, {
      hint: `Use \`${verb} gateway ${target}\` or \`${verb} agent ${target}\`.`,
    });
  }
  return isGateway ? 'gateway' : 'agent';
}

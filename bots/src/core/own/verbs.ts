import type { Action } from '@hq/shared/actions';
import { sharedVerbs } from '../action-commands.ts';
import { type ActionTable, actionOf } from '../action-table.ts';
import type { Command } from '../command.ts';
import { runAction } from '../run-action.ts';

/** `pause X`, where both a gateway and an agent can be paused: which is meant is told by what X names. */
export function verbCommands(actions: ActionTable): Command[] {
  return sharedVerbs(actions).flatMap((verb) => {
    const ofGateway = actionOf(actions, `${verb}_gateway`);
    const ofAgent = actionOf(actions, `${verb}_agent`);
    return ofGateway === undefined || ofAgent === undefined ? [] : [verbCommand(verb, ofGateway, ofAgent)];
  });
}

function verbCommand(verb: string, ofGateway: Action, ofAgent: Action): Command {
  return {
    name: verb,
    group: null,
    aliases: [],
    title: `${verb.charAt(0).toUpperCase()}${verb.slice(1)}`,
    summary: `${ofAgent.title}, or a gateway: whichever is named.`,
    arguments: [
      {
        name: 'target',
        summary: 'An agent or a gateway',
        kind: 'text',
        required: false,
        completion: 'agent',
      },
    ],
    audience: { action: `${verb}_agent` },
    private: false,
    rank: 20,
    isTypedOnly: true,
    async run(asked) {
      const { target } = asked.values;
      const gateways =
        target === undefined ? [] : await asked.house.names.find(asked.said, 'gateway', target);
      const isGateway = gateways.some(({ value }) => value === target);
      const values: Record<string, string> =
        target === undefined ? {} : isGateway ? { gateway: target } : { agent: target };
      const name = isGateway ? `${verb}_gateway` : `${verb}_agent`;
      await runAction(name, isGateway ? ofGateway : ofAgent, { ...asked, values });
    },
  };
}

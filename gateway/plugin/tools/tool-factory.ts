import { HqError } from '@hq/shared/errors';
import type { AnyAgentTool, OpenClawPluginToolContext } from 'openclaw/plugin-sdk/plugin-entry';
import { ZodError } from 'zod';
import type { AgentRecords } from '../agent-records.ts';
import type { ToolRuns } from '../hooks/tool-runs.ts';
import type { AgentApi } from '../hq-api/agent-api.ts';
import type { Operation } from '../hq-api/operations.ts';
import { limited } from './answer-text.ts';
import { type HqTool, ParameterFault } from './define-tool.ts';
import { hqTools } from './index.ts';

interface ToolServices {
  readonly api: AgentApi | null;
  readonly records: AgentRecords;
  readonly toolRuns: ToolRuns;
}

/** Returns HQ's tools for the agent of a turn, or null for an agent that HQ does not manage. */
export function toolsOfTurn(
  context: OpenClawPluginToolContext,
  services: ToolServices,
): AnyAgentTool[] | null {
  const { api, records, toolRuns } = services;
  if (api === null || records.find(context.agentId) === null) return null;
  return hqTools.map((tool) => ({
    name: tool.name,
    label: tool.label,
    description: tool.description,
    parameters: tool.parameters,
    // Shown to the model as it is, instead of behind a search for tools.
    catalogMode: 'direct-only',
    execute: async (toolCallId, params, signal) => {
      try {
        const facts = { sessionKey: context.sessionKey, runId: toolRuns.runOf(toolCallId) };
        const args = tool.arguments(params, facts);
        // The credential may have been replaced since the turn began.
        const record = records.find(context.agentId);
        if (record === null) throw new HqError('refused', 'HQ does not manage this agent any more.');
        const answered = await api.call(record.token, tool.operation, args, { signal });
        // The last call of a turn that was aborted still has to arrive.
        const call = (operation: Operation, more: object) => api.call(record.token, operation, more);
        const answer = (await tool.followUp?.(answered, { args, call, signal })) ?? answered;
        return { content: [{ type: 'text', text: limited(tool.text(answer)) }], details: {} };
      } catch (error) {
        throw new Error(sentenceFor(tool, error));
      }
    },
  }));
}

/** Returns what the model reads of a failure: a sentence and what to do next, never a stack. */
function sentenceFor({ name }: HqTool, error: unknown): string {
  if (error instanceof ParameterFault) return error.message;
  if (error instanceof HqError) return [error.message, error.hint].filter(Boolean).map(ended).join(' ');
  if (error instanceof ZodError) return `${name} got an answer of another version of HQ. Tell the operators.`;
  return `${name} did not work. Tell the operators.`;
}

/** Ends a sentence; those of the database have no full stop. */
const ended = (sentence: string | undefined): string => (sentence ?? '').replace(/[^.!?]$/, '$&.');

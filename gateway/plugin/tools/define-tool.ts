import { z } from 'zod';
import type { Operation } from '../hq-api/operations.ts';

/** Facts about the turn that calls a tool. They come from OpenClaw, not from the model. */
interface TurnFacts {
  readonly sessionKey: string | undefined;
  readonly runId: string | undefined;
}

interface FollowUpContext {
  /** The arguments of the tool's operation. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Calls an operation for the same agent. */
  readonly call: (operation: Operation, args: object) => Promise<unknown>;
  readonly signal: AbortSignal | undefined;
}

/** Runs after the operation of a tool; returns the answer that the model reads. */
export type FollowUp = (answer: unknown, context: FollowUpContext) => Promise<unknown>;

/** One tool of HQ: an operation of the database with the text that a model reads. */
export interface HqTool {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** JSON Schema of the parameters. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly operation: Operation;
  /** Returns the operation's arguments; throws `usage` for parameters that do not fit the schema. */
  arguments(params: unknown, facts: TurnFacts): Readonly<Record<string, unknown>>;
  readonly followUp?: FollowUp | undefined;
  /** Returns the answer as text for a model. */
  text(answer: unknown): string;
}

interface ToolDefinition<Input extends z.ZodObject, Answer extends z.ZodType> {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly operation: Operation;
  readonly input: Input;
  readonly answer: Answer;
  readonly arguments?: (input: z.output<Input>, facts: TurnFacts) => Readonly<Record<string, unknown>>;
  readonly followUp?: FollowUp;
  readonly text: (answer: z.output<Answer>) => string;
}

/** A call with parameters that the tool does not have. Its message names each fault for the model. */
export class ParameterFault extends Error {
  override readonly name = 'ParameterFault';
}

export function defineTool<Input extends z.ZodObject, Answer extends z.ZodType>(
  definition: ToolDefinition<Input, Answer>,
): HqTool {
  const { name, label, description, operation, input, answer, followUp, text } = definition;
  const { $schema: _, ...parameters } = z.toJSONSchema(input, { io: 'input' });
  return {
    name,
    label,
    description,
    parameters,
    operation,
    arguments: (params, facts) => {
      const parsed = input.safeParse(params ?? {});
      if (parsed.success) return definition.arguments?.(parsed.data, facts) ?? parsed.data;
      const faults = parsed.error.issues.map(({ path, message }) =>
        path.length === 0 ? message : `${path.join('.')}: ${message}`,
      );
      throw new ParameterFault(`The parameters of ${name} are wrong. ${faults.join('. ')}.`);
    },
    followUp,
    text: (value) => text(answer.parse(value)),
  };
}

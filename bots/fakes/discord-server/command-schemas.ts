import { z } from 'zod';
import { parseBody } from './api-error.ts';

/** Slash commands of an application, with every limit that Discord documents. */

const name = z
  .string()
  .regex(/^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u)
  .refine((text) => text === text.toLowerCase(), 'Must be lower case');
const description = z.string().min(1).max(100);
const localized = z.record(z.string(), z.string().max(100)).nullish();

const subcommandType = 1;
const groupType = 2;
const stringType = 3;
const integerType = 4;
const booleanType = 5;

interface Option {
  readonly type: number;
  readonly name: string;
  readonly description: string;
  readonly required?: boolean | undefined;
  readonly autocomplete?: boolean | undefined;
  readonly choices?: readonly { readonly name: string; readonly value: string | number }[] | undefined;
  readonly options?: readonly Option[] | undefined;
}

const option: z.ZodType<Option> = z.lazy(() =>
  z
    .object({
      type: z.int().min(1).max(11),
      name,
      description,
      name_localizations: localized,
      description_localizations: localized,
      required: z.boolean().optional(),
      autocomplete: z.boolean().optional(),
      choices: z
        .array(
          z.object({ name: z.string().min(1).max(100), value: z.union([z.string().max(100), z.number()]) }),
        )
        .max(25)
        .optional(),
      min_value: z.number().optional(),
      max_value: z.number().optional(),
      min_length: z.int().min(0).max(6000).optional(),
      max_length: z.int().min(1).max(6000).optional(),
      options: options.optional(),
    })
    .refine(
      ({ autocomplete, choices }) => !autocomplete || !choices?.length,
      'Autocomplete and choices exclude each other',
    ),
);

const options: z.ZodType<readonly Option[]> = z
  .array(option)
  .max(25)
  .refine((all) => new Set(all.map((one) => one.name)).size === all.length, 'Option names must be unique')
  .refine((all) => {
    const firstOptional = all.findIndex(({ required }) => !required);
    return firstOptional < 0 || all.slice(firstOptional).every(({ required }) => !required);
  }, 'Required options must be placed before non-required options')
  .refine((all) => {
    const nested = all.filter(({ type }) => type === subcommandType || type === groupType);
    return nested.length === 0 || nested.length === all.length;
  }, 'Sub-command and sub-command group option types are mutually exclusive to all other types');

const command = z
  .object({
    type: z.literal(1).default(1),
    name,
    description,
    name_localizations: localized,
    description_localizations: localized,
    options: options.default([]),
    default_member_permissions: z.string().regex(/^\d+$/u).nullish(),
    contexts: z.array(z.int().min(0).max(2)).nullish(),
    integration_types: z.array(z.int().min(0).max(1)).nullish(),
    nsfw: z.boolean().optional(),
  })
  .refine((one) => depthHolds(one.options), 'Sub-commands nest in groups only, one level deep')
  .refine((one) => weightOf(one) <= 8000, 'Command exceeds maximum size of 8000 characters');

export type RegisteredCommand = z.output<typeof command>;

const registration = z
  .array(command)
  .max(100)
  .refine(
    (all) => new Set(all.map((one) => one.name)).size === all.length,
    'Application command names must be unique',
  );

export function parseCommands(body: unknown): readonly RegisteredCommand[] {
  return parseBody(registration, body);
}

function depthHolds(top: readonly Option[]): boolean {
  return top.every(({ type, options: inner = [] }) => {
    if (type === groupType) {
      return inner.every(
        (one) =>
          one.type === subcommandType &&
          (one.options ?? []).every(({ type: leaf }) => leaf !== subcommandType && leaf !== groupType),
      );
    }
    if (type === subcommandType) {
      return inner.every(({ type: leaf }) => leaf !== subcommandType && leaf !== groupType);
    }
    return inner.length === 0;
  });
}

/** Counts names, descriptions and values of all levels. */
function weightOf(one: {
  readonly name: string;
  readonly description: string;
  readonly options?: readonly Option[] | undefined;
  readonly choices?: Option['choices'];
}): number {
  return (
    one.name.length +
    one.description.length +
    (one.choices ?? []).reduce((sum, choice) => sum + choice.name.length + String(choice.value).length, 0) +
    (one.options ?? []).reduce((sum, inner) => sum + weightOf(inner), 0)
  );
}

/** Returns the options as Discord's client sends them: nested by the words, typed by the registration. */
export function optionsOf(
  registered: RegisteredCommand,
  words: readonly string[],
  values: Readonly<Record<string, string>>,
  focused?: string,
): unknown[] {
  const [word, ...rest] = words;
  if (word !== undefined) {
    const found = registered.options.find((one) => one.name === word);
    if (!found || (found.type !== subcommandType && found.type !== groupType)) {
      throw new Error(`/${registered.name} has no ${word}`);
    }
    const inner = optionsOf({ ...registered, options: found.options ?? [] }, rest, values, focused);
    return [{ type: found.type, name: found.name, options: inner }];
  }
  for (const { name: known, required, type } of registered.options) {
    if (type === subcommandType || type === groupType)
      throw new Error(`/${registered.name} needs a sub-command`);
    if (required && values[known] === undefined && focused === undefined) {
      throw new Error(`/${registered.name} needs ${known}`);
    }
  }
  return Object.entries(values).map(([key, value]) => {
    const found = registered.options.find((one) => one.name === key);
    if (!found) throw new Error(`/${registered.name} has no option ${key}`);
    const typed =
      key === focused || found.type === stringType
        ? value
        : found.type === integerType || found.type === 10
          ? Number(value)
          : found.type === booleanType
            ? value === 'true'
            : value;
    if (found.choices?.length && !found.choices.some((choice) => choice.value === typed)) {
      throw new Error(`${value} is not a choice of ${key}`);
    }
    return { type: found.type, name: key, value: typed, ...(key === focused && { focused: true }) };
  });
}

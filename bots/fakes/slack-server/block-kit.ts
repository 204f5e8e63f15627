import { z } from 'zod';

/** Schemas and limits of Block Kit as Slack documents them. Everything else is refused, as by Slack. */

const plain = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    text: z.string().min(1).max(max),
    emoji: z.boolean().optional(),
  });
const markup = (max: number) =>
  z.strictObject({
    type: z.literal('mrkdwn'),
    text: z.string().min(1).max(max),
    verbatim: z.boolean().optional(),
  });
const anyText = (max: number) => z.discriminatedUnion('type', [plain(max), markup(max)]);

const id = z.string().min(1).max(255);
const actionId = id.optional();
const blockId = id.optional();

const confirmation = z.strictObject({
  title: plain(100),
  text: anyText(300),
  confirm: plain(30),
  deny: plain(30),
  style: z.enum(['primary', 'danger']).optional(),
});

const option = z.strictObject({
  text: plain(75),
  value: z.string().min(1).max(150),
  description: plain(75).optional(),
});
export type Option = z.infer<typeof option>;
const options = z.array(option).min(1).max(100);
export const suggestions = z.strictObject({ options: z.array(option).max(100) });

const button = z.strictObject({
  type: z.literal('button'),
  text: plain(75),
  action_id: actionId,
  value: z.string().max(2000).optional(),
  url: z.url().max(3000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: confirmation.optional(),
  accessibility_label: z.string().max(75).optional(),
});

const staticSelect = z.strictObject({
  type: z.literal('static_select'),
  action_id: actionId,
  options,
  initial_option: option.optional(),
  placeholder: plain(150).optional(),
  confirm: confirmation.optional(),
  focus_on_load: z.boolean().optional(),
});
const externalSelect = z.strictObject({
  type: z.literal('external_select'),
  action_id: actionId,
  initial_option: option.optional(),
  min_query_length: z.int().min(0).optional(),
  placeholder: plain(150).optional(),
  confirm: confirmation.optional(),
  focus_on_load: z.boolean().optional(),
});
const textInput = z.strictObject({
  type: z.literal('plain_text_input'),
  action_id: actionId,
  initial_value: z.string().max(3000).optional(),
  multiline: z.boolean().optional(),
  min_length: z.int().min(0).max(3000).optional(),
  max_length: z.int().min(1).max(3000).optional(),
  placeholder: plain(150).optional(),
  focus_on_load: z.boolean().optional(),
});
const numberInput = z.strictObject({
  type: z.literal('number_input'),
  is_decimal_allowed: z.boolean(),
  action_id: actionId,
  initial_value: z.string().optional(),
  min_value: z.string().optional(),
  max_value: z.string().optional(),
  placeholder: plain(150).optional(),
  focus_on_load: z.boolean().optional(),
});
const checkboxes = z.strictObject({
  type: z.literal('checkboxes'),
  action_id: actionId,
  options: z.array(option).min(1).max(10),
  initial_options: z.array(option).min(1).max(10).optional(),
  confirm: confirmation.optional(),
  focus_on_load: z.boolean().optional(),
});

const style = z
  .strictObject({
    bold: z.boolean().optional(),
    italic: z.boolean().optional(),
    strike: z.boolean().optional(),
    code: z.boolean().optional(),
  })
  .optional();
const richText = z.strictObject({ type: z.literal('text'), text: z.string().min(1), style });
const richLink = z.strictObject({
  type: z.literal('link'),
  url: z.url(),
  text: z.string().optional(),
  style,
});
const richPiece = z.discriminatedUnion('type', [
  richText,
  richLink,
  z.strictObject({ type: z.literal('user'), user_id: z.string(), style }),
  z.strictObject({ type: z.literal('usergroup'), usergroup_id: z.string(), style }),
  z.strictObject({ type: z.literal('channel'), channel_id: z.string(), style }),
  z.strictObject({ type: z.literal('broadcast'), range: z.enum(['here', 'channel', 'everyone']) }),
  z.strictObject({ type: z.literal('emoji'), name: z.string() }),
  z.strictObject({
    type: z.literal('date'),
    timestamp: z.int(),
    format: z.string().min(1),
    fallback: z.string().optional(),
  }),
]);
export type RichPiece = z.infer<typeof richPiece>;
const border = z.union([z.literal(0), z.literal(1)]).optional();
const richSection = z.strictObject({
  type: z.literal('rich_text_section'),
  elements: z.array(richPiece).min(1),
});
const richElement = z.discriminatedUnion('type', [
  richSection,
  z.strictObject({
    type: z.literal('rich_text_list'),
    style: z.enum(['bullet', 'ordered']),
    elements: z.array(richSection).min(1),
    indent: z.int().min(0).max(8).optional(),
    border,
  }),
  z.strictObject({
    type: z.literal('rich_text_preformatted'),
    elements: z.array(z.discriminatedUnion('type', [richText, richLink])).min(1),
    border,
    language: z.string().optional(),
  }),
  z.strictObject({
    type: z.literal('rich_text_quote'),
    elements: z.array(richPiece).min(1),
    border,
  }),
]);

const inMessageAndModal = [
  z.strictObject({ type: z.literal('header'), block_id: blockId, text: plain(150) }),
  z.strictObject({ type: z.literal('divider'), block_id: blockId }),
  z
    .strictObject({
      type: z.literal('section'),
      block_id: blockId,
      text: anyText(3000).optional(),
      fields: z.array(anyText(2000)).min(1).max(10).optional(),
      accessory: z.discriminatedUnion('type', [button, staticSelect, externalSelect]).optional(),
      expand: z.boolean().optional(),
    })
    .refine((block) => block.text !== undefined || block.fields !== undefined, 'text or fields'),
  z.strictObject({
    type: z.literal('context'),
    block_id: blockId,
    elements: z.array(anyText(3000)).min(1).max(10),
  }),
  z.strictObject({
    type: z.literal('actions'),
    block_id: blockId,
    elements: z
      .array(z.discriminatedUnion('type', [button, staticSelect, externalSelect, checkboxes]))
      .min(1)
      .max(25),
  }),
  z.strictObject({ type: z.literal('rich_text'), block_id: blockId, elements: z.array(richElement).min(1) }),
  z.strictObject({
    type: z.literal('input'),
    block_id: blockId,
    label: plain(2000),
    element: z.discriminatedUnion('type', [textInput, numberInput, staticSelect, externalSelect, checkboxes]),
    hint: plain(2000).optional(),
    optional: z.boolean().optional(),
    dispatch_action: z.boolean().optional(),
  }),
] as const;
const block = z.union(inMessageAndModal);
export type Block = z.infer<typeof block>;
export type Input = Extract<Block, { type: 'input' }>;
export type Button = z.infer<typeof button>;

const viewParts = {
  callback_id: z.string().max(255).optional(),
  private_metadata: z.string().max(3000).optional(),
  external_id: z.string().max(255).optional(),
  blocks: z.array(block).min(1).max(100),
};
const view = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('modal'),
    title: plain(24),
    submit: plain(24).optional(),
    close: plain(24).optional(),
    clear_on_close: z.boolean().optional(),
    notify_on_close: z.boolean().optional(),
    submit_disabled: z.boolean().optional(),
    ...viewParts,
  }),
  z.strictObject({ type: z.literal('home'), ...viewParts }),
]);
export type View = z.infer<typeof view>;

/** Slack's limit for the text of all blocks together. */
const maxMessage = 13_200;

export type Checked<T> = { readonly value: T } | { readonly error: string; readonly messages: string[] };

export function checkBlocks(given: unknown): Checked<Block[]> {
  const parsed = z.array(block).max(50).safeParse(given);
  if (!parsed.success) return { error: 'invalid_blocks', messages: describeIssues(parsed.error) };
  if (textLength(parsed.data) > maxMessage) return { error: 'msg_blocks_too_long', messages: [] };
  const duplicate = duplicateId(parsed.data);
  return duplicate === undefined
    ? { value: parsed.data }
    : { error: 'invalid_blocks', messages: [`[ERROR] ${duplicate} must be unique`] };
}

export function checkView(given: unknown): Checked<View> {
  const parsed = view.safeParse(given);
  if (!parsed.success) return { error: 'invalid_arguments', messages: describeIssues(parsed.error) };
  const { data } = parsed;
  const hasInput = data.blocks.some((one) => one.type === 'input');
  if (data.type === 'modal' && hasInput && data.submit === undefined)
    return { error: 'invalid_arguments', messages: ['[ERROR] missing required field: submit'] };
  const duplicate = duplicateId(data.blocks);
  return duplicate === undefined
    ? { value: data }
    : { error: 'invalid_arguments', messages: [`[ERROR] ${duplicate} must be unique`] };
}

function describeIssues(error: z.ZodError): string[] {
  return error.issues.map((issue) => `[ERROR] ${issue.message} [json-pointer:/${issue.path.join('/')}]`);
}

/** Returns a duplicate block_id of a message, or action_id of a block. */
function duplicateId(blocks: readonly Block[]): string | undefined {
  const blockIds = new Set<string>();
  for (const one of blocks) {
    if (one.block_id !== undefined && blockIds.has(one.block_id)) return `block_id ${one.block_id}`;
    if (one.block_id !== undefined) blockIds.add(one.block_id);
    if (one.type !== 'actions') continue;
    const actions = one.elements.flatMap((element) => element.action_id ?? []);
    if (new Set(actions).size < actions.length) return `action_id in ${one.block_id ?? 'actions'}`;
  }
  return undefined;
}

function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + textLength(one), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce(
    (sum, [key, inner]) =>
      sum + (key === 'text' && typeof inner === 'string' ? inner.length : textLength(inner)),
    0,
  );
}

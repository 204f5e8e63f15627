import { z } from 'zod';

/** Request bodies with the limits that Discord documents. Lengths are UTF-16 units, the stricter reading. */

const customId = z.string().min(1).max(100);
const webAddress = z
  .string()
  .max(2048)
  .refine(
    (text) => /^(?:https?|attachment):\/\//u.test(text),
    'Scheme must be one of http, https, attachment.',
  );

const button = z
  .object({
    type: z.literal(2),
    style: z.int().min(1).max(6),
    label: z.string().min(1).max(80).optional(),
    custom_id: customId.optional(),
    url: webAddress.optional(),
    emoji: z.object({ name: z.string().optional(), id: z.string().nullish() }).optional(),
    disabled: z.boolean().default(false),
  })
  .refine(
    ({ label, emoji }) => label !== undefined || emoji !== undefined,
    'A button needs a label or an emoji',
  )
  .refine(
    ({ style, custom_id, url }) =>
      style === 5 ? url !== undefined && !custom_id : custom_id !== undefined && !url,
    'A link button has a url, every other a custom id',
  );

const select = z.object({
  type: z.literal(3),
  custom_id: customId,
  options: z
    .array(
      z.object({
        label: z.string().min(1).max(100),
        value: z.string().min(1).max(100),
        description: z.string().max(100).optional(),
        default: z.boolean().optional(),
      }),
    )
    .min(1)
    .max(25),
  placeholder: z.string().max(150).optional(),
  min_values: z.int().min(0).max(25).default(1),
  max_values: z.int().min(1).max(25).default(1),
  required: z.boolean().optional(),
  disabled: z.boolean().default(false),
});

const textInput = z.object({
  type: z.literal(4),
  custom_id: customId,
  style: z.int().min(1).max(2),
  label: z.string().min(1).max(45).optional(),
  min_length: z.int().min(0).max(4000).optional(),
  max_length: z.int().min(1).max(4000).optional(),
  required: z.boolean().default(true),
  value: z.string().max(4000).optional(),
  placeholder: z.string().max(100).optional(),
});

const messageRow = z.object({
  type: z.literal(1),
  components: z
    .array(z.discriminatedUnion('type', [button, select]))
    .min(1)
    .max(5)
    .refine(
      (parts) => parts.length === 1 || parts.every(({ type }) => type === 2),
      'A select menu fills its row',
    ),
});

const uniqueIds = (
  rows: readonly { components: readonly { custom_id?: string | undefined }[] }[],
): boolean => {
  const ids = rows.flatMap(({ components }) => components.flatMap(({ custom_id }) => custom_id ?? []));
  return new Set(ids).size === ids.length;
};

const embed = z.object({
  title: z.string().max(256).optional(),
  description: z.string().max(4096).optional(),
  url: webAddress.optional(),
  color: z.int().min(0).max(0xffffff).optional(),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  footer: z.object({ text: z.string().max(2048) }).optional(),
  author: z.object({ name: z.string().max(256) }).optional(),
  fields: z
    .array(
      z.object({
        name: z.string().min(1).max(256),
        value: z.string().min(1).max(1024),
        inline: z.boolean().optional(),
      }),
    )
    .max(25)
    .optional(),
});

export type Embed = z.output<typeof embed>;

const sizeOf = (embeds: readonly Embed[]): number =>
  embeds
    .flatMap((one) => [
      one.title ?? '',
      one.description ?? '',
      one.footer?.text ?? '',
      one.author?.name ?? '',
      ...(one.fields ?? []).flatMap(({ name, value }) => [name, value]),
    ])
    .reduce((sum, text) => sum + text.length, 0);

export const messageBody = z.object({
  content: z.string().max(2000).nullish(),
  embeds: z
    .array(embed)
    .max(10)
    .refine((embeds) => sizeOf(embeds) <= 6000, 'Embed size exceeds maximum size of 6000')
    .nullish(),
  components: z
    .array(messageRow)
    .max(5)
    .refine(uniqueIds, 'Component custom id cannot be duplicated')
    .nullish(),
  flags: z.int().min(0).optional(),
  allowed_mentions: z
    .object({
      parse: z.array(z.enum(['roles', 'users', 'everyone'])).optional(),
      users: z.array(z.string()).max(100).optional(),
      roles: z.array(z.string()).max(100).optional(),
    })
    .nullish(),
  attachments: z
    .array(z.object({ id: z.union([z.string(), z.int()]), filename: z.string().optional() }))
    .max(10)
    .nullish(),
  nonce: z.union([z.string().max(25), z.int()]).optional(),
  tts: z.boolean().optional(),
});

export type MessageBody = z.output<typeof messageBody>;
export type MessageRow = z.output<typeof messageRow>;

export const modalBody = z.object({
  custom_id: customId,
  title: z.string().min(1).max(45),
  components: z
    .array(
      z.discriminatedUnion('type', [
        z.object({
          type: z.literal(18),
          label: z.string().min(1).max(45),
          description: z.string().max(100).optional(),
          component: z.discriminatedUnion('type', [textInput, select]),
        }),
        z.object({ type: z.literal(1), components: z.array(textInput).length(1) }),
      ]),
    )
    .min(1)
    .max(5),
});

export type Modal = z.output<typeof modalBody>;

export const choicesBody = z.object({
  choices: z
    .array(
      z.object({
        name: z.string().min(1).max(100),
        value: z.union([z.string().max(100), z.number()]),
      }),
    )
    .max(25),
});

export const callbackBody = z.object({ type: z.int(), data: z.unknown().optional() });

import { parseJson } from '@hq/shared/text';
import { z } from 'zod';

/** Versions of the Phoenix wire format: a message is an object (1.0.0) or an array of five (2.0.0). */
export type ProtocolVersion = '1.0.0' | '2.0.0';

export interface Frame {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
}

const ref = z.union([z.string(), z.number().transform(String), z.null()]).default(null);
const text = z.string().max(512);
const frames = {
  '1.0.0': z
    .object({ topic: text, event: text, payload: z.unknown(), ref, join_ref: ref })
    .transform(({ join_ref: joinRef, ...frame }) => ({ ...frame, joinRef })),
  '2.0.0': z
    .tuple([ref, ref, text, text, z.unknown()])
    .transform(([joinRef, messageRef, topic, event, payload]) => ({
      joinRef,
      ref: messageRef,
      topic,
      event,
      payload,
    })),
};

/** Returns undefined for anything but a message of this version. */
export function decodeFrame(wire: string, version: ProtocolVersion): Frame | undefined {
  return frames[version].safeParse(parseJson(wire)).data;
}

export function encodeFrame(frame: Frame, version: ProtocolVersion): string {
  return encodeWithPayload(frame, JSON.stringify(frame.payload), version);
}

/** Encodes a payload that is JSON already, because many clients get it. */
export function encodeWithPayload(
  { joinRef, ref: messageRef, topic, event }: Omit<Frame, 'payload'>,
  payload: string,
  version: ProtocolVersion,
): string {
  const [join, message, to, what] = [joinRef, messageRef, topic, event].map((value) => JSON.stringify(value));
  return version === '1.0.0'
    ? `{"topic":${to},"event":${what},"payload":${payload},"ref":${message},"join_ref":${join}}`
    : `[${join},${message},${to},${what},${payload}]`;
}

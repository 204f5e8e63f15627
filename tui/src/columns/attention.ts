import type { Attention } from '@hq/shared/fleet';
import { column } from './column-kinds.ts';

export const printedAttentionColumns = [
  column<Attention>('WHAT', ({ name }) => name, { tone: 'bad', cutTo: 16 }),
  column<Attention>('WHY', ({ reason }) => reason, { cutTo: 16 }),
];

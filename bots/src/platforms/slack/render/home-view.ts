import type { types } from '@slack/bolt';
import { plainText } from './render.ts';

const lines = [
  'Send /hq help in a channel, or here under Messages, to list the commands that you may use there.',
  'First link your account: get a code in HQ (hq-tui chat code, or c on the Chat screen), and send /hq link CODE under Messages.',
  'In a thread, mention @HQ instead of /hq.',
];

/** The home tab of the app, equal for everybody. */
export function homeView(): types.HomeView {
  return {
    type: 'home',
    blocks: [
      { type: 'header', text: plainText('Operate HQ from Slack') },
      ...lines.map((text): types.SectionBlock => ({ type: 'section', text: plainText(text) })),
    ],
  };
}

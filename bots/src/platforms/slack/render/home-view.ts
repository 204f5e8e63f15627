import type { types } from '@slack/bolt';
import { plainText } from './render.ts';

const lines = [
  'Write /hq help in a channel, or here under Messages, to see what you may do there.',
  'The first time: get a code of your own in HQ (hq-tui chat code, or c on the Chat screen), and write /hq link CODE under Messages.',
  'In a thread, mention @HQ in place of /hq.',
];

/** What stands in the app's own tab. It tells nobody's secrets, so it is the same for everybody. */
export function homeView(): types.HomeView {
  return {
    type: 'home',
    blocks: [
      { type: 'header', text: plainText('Operate HQ from Slack') },
      ...lines.map((text): types.SectionBlock => ({ type: 'section', text: plainText(text) })),
    ],
  };
}

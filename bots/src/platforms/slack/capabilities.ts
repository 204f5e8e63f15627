import type { Capabilities } from '../../contract/adapter.ts';

/** Slack takes 25 in one block; with their own questions they would fill the whole message. */
export const maxButtons = 15;

export const capabilities: Capabilities = {
  private: true,
  forms: true,
  completion: true,
  threads: true,
  files: true,
  // Events come again, but slash commands and presses never do.
  redelivers: false,
  maxText: 3000,
  maxButtons: maxButtons,
  editEveryMs: 1500,
  chatEveryMs: 1000,
  // "Several hundred messages per minute" is all that Slack says about a whole workspace.
  perSecond: 5,
};

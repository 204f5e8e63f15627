import type { ChatLinkRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { memberName } from '../columns/member-name.ts';
import type { House } from './house.ts';
import { linkingSteps } from './linking-steps.ts';
import { CodeSheet } from './overlays/code-sheet.ts';
import { ConfirmDialog } from './overlays/confirm-dialog.ts';
import { sentence } from './sentence.ts';
import { refusesToWrite, type Stage } from './stage.ts';

/** Links chat accounts to members, and takes links back. */
export class ChatDeeds {
  readonly #house: House;
  readonly #stage: Stage;

  constructor(house: House, stage: Stage) {
    this.#house = house;
    this.#stage = stage;
  }

  /** Shows a fresh code for the account of this operator. */
  link(): void {
    if (refusesToWrite(this.#stage)) return;
    void this.#try('Asking for a code …', async () => {
      const { code, expires_at } = await this.#house.issueChatCode();
      const lastsMs = Date.parse(expires_at) - this.#house.now();
      this.#stage.messages.clear();
      this.#stage.ask(new CodeSheet(linkingSteps(code, lastsMs)));
    });
  }

  revoke(link: ChatLinkRow): void {
    if (refusesToWrite(this.#stage)) return;
    const account = `${plain(link.chat_user)} in ${link.platform}`;
    const whose = memberName(link.user_id, this.#house.member);
    this.#stage.ask(
      new ConfirmDialog({
        title: `Revoke ${account}`,
        sentences: [
          `From here on it speaks for nobody; now it speaks for ${whose}. A new code links it again.`,
        ],
        yes: 'Revoke',
        typedName: null,
        confirmed: () =>
          void this.#try(`Revoking ${account} …`, async () => {
            await this.#house.revokeChatLink(link.id);
            this.#stage.messages.say(`${account} speaks for nobody any more.`, 'good');
          }),
      }),
    );
  }

  /** `doing` is told at once: HQ may take its time. */
  async #try(doing: string, act: () => Promise<void>): Promise<void> {
    this.#stage.messages.say(doing);
    this.#stage.changed();
    try {
      await act();
    } catch (failure) {
      this.#stage.messages.warn(sentence(failure));
    }
    this.#stage.changed();
  }
}

import type { ChatLinkRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { memberName } from '../columns/member-name.ts';
import { CodeDialog } from '../dialogs/code-dialog.tsx';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import type { Session } from '../session/session.ts';
import { type ActionContext, refusesToWrite } from './action-context.ts';
import { errorText } from './error-text.ts';
import { linkingSteps } from './linking-steps.ts';

export interface ChatActions {
  /** Shows a fresh code for the account of this operator. */
  readonly link: () => void;
  readonly revoke: (link: ChatLinkRow) => void;
}

/** Links chat accounts to members, and revokes links. */
export function createChatActions(session: Session, context: ActionContext): ChatActions {
  const { messages, overlays } = context;

  /** `doing` is shown at once: HQ may take its time. */
  async function attempt(doing: string, act: () => Promise<void>): Promise<void> {
    messages.say(doing);
    try {
      await act();
    } catch (failure) {
      messages.warn(errorText(failure));
    }
  }

  return {
    link() {
      if (refusesToWrite(context)) return;
      void attempt('Asking for a code …', async () => {
        const { code, expires_at } = await session.issueChatCode();
        const lastsMs = Date.parse(expires_at) - session.now();
        messages.clear();
        overlays.open((close) => <CodeDialog steps={linkingSteps(code, lastsMs)} onClose={close} />);
      });
    },
    revoke(link) {
      if (refusesToWrite(context)) return;
      const account = `${plain(link.chat_user)} in ${link.platform}`;
      const member = memberName(link.user_id, session.member);
      overlays.open((close) => (
        <ConfirmDialog
          title={`Revoke ${account}`}
          sentences={[`It acts for ${member} now, and for nobody afterwards. A new code links it again.`]}
          yes="Revoke"
          typedName={null}
          onConfirm={() =>
            void attempt(`Revoking ${account} …`, async () => {
              await session.revokeChatLink(link.id);
              messages.say(`${account} is not linked any more.`, 'good');
            })
          }
          onClose={close}
        />
      ));
    },
  };
}

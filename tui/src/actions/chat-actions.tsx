import type { ChatLinkRow } from '@hq/shared/rows';
import { plain } from '@hq/shared/text';
import { memberName } from '../columns/member-name.ts';
import { CodeDialog } from '../dialogs/code-dialog.tsx';
import { ConfirmDialog } from '../dialogs/confirm-dialog.tsx';
import type { Session } from '../session/session.ts';
import { type ActionContext, attempt, refusesToWrite } from './action-context.ts';
import { linkingSteps } from './linking-steps.ts';

export interface ChatActions {
  /** Shows a fresh code for the account of this operator. */
  readonly link: () => void;
  readonly revoke: (link: ChatLinkRow) => void;
}

/** Links chat accounts to members, and revokes links. */
export function createChatActions(session: Session, context: ActionContext): ChatActions {
  const { messages, overlays } = context;
  return {
    link() {
      if (refusesToWrite(context)) return;
      messages.say('Asking for a code …');
      void attempt(context, async () => {
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
          onConfirm={() => {
            messages.say(`Revoking ${account} …`);
            void attempt(context, async () => {
              await session.revokeChatLink(link.id);
              messages.say(`${account} is not linked any more.`, 'good');
            });
          }}
          onClose={close}
        />
      ));
    },
  };
}

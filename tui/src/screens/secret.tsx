import { plain } from '@hq/shared/text';
import { type ReactNode, useMemo } from 'react';
import type { Route } from '../app/router.ts';
import type { Screen } from '../app/screen.ts';
import { ScreenFrame, useBodySize } from '../app/screen-frame.tsx';
import { useRowContext, useRows, useUi } from '../app/ui.ts';
import { secretHandlers, secretKeys } from '../keys/secret-keys.ts';
import { SecretFacts } from '../panels/secret-facts.tsx';
import { withOverrides } from '../secrets/secret-overrides.ts';
import { Notice } from '../widgets/line.tsx';
import { Panel } from '../widgets/panel.tsx';

export const secretScreen: Screen = {
  name: 'secret',
  isList: false,
  keys: secretKeys,
  crumb: () => 'secret',
  Component: Secret,
};

function Secret({ route }: { readonly route: Route }): ReactNode {
  const ui = useUi();
  const size = useBodySize();
  const context = useRowContext();
  const rows = useRows(ui.session.secrets);
  const all = useMemo(() => withOverrides(rows), [rows]);
  const secret = all.find(({ id }) => id === route.id) ?? null;
  return (
    <ScreenFrame
      keys={secretKeys}
      on={secretHandlers(ui, secret)}
      crumb={plain(secret?.key ?? 'secret')}
      copyText={secret?.key ?? null}
      gateway={context.lookups.gateways.get(secret?.gateway_id ?? '') ?? null}
    >
      <Panel {...size}>
        {secret === null ? (
          <Notice sentences={['There is no such secret here.', 'esc goes back']} height={size.height} />
        ) : (
          <SecretFacts secret={secret} context={context} />
        )}
      </Panel>
    </ScreenFrame>
  );
}

import { Box, useIsScreenReaderEnabled } from 'ink';
import type { ReactNode } from 'react';
import { screens } from '../screens/index.ts';
import { GlobalKeys } from './global-keys.tsx';
import { SessionLine, Tabs } from './header.tsx';
import { screenNamed } from './screen.ts';
import { useStore } from './store.ts';
import { createUi, UiContext, useUi } from './ui.ts';
import type { OpenView } from './view.ts';

/** Opens the screens of a session. */
export const openView: OpenView = (session, { hqHost, ...options }) => {
  const ui = createUi(session, { ...options, screens });
  const element = (
    <UiContext value={ui}>
      <SignedIn host={hqHost} />
    </UiContext>
  );
  return { element, place: ui.place, close: ui.close };
};

/** Tabs, the open screen and the open dialog. A screen reader hears the screen first, and a dialog alone. */
function SignedIn({ host }: { readonly host: string }): ReactNode {
  const { router, screens, overlays } = useUi();
  const trail = useStore(router.trail);
  const overlay = useStore(overlays.current);
  const isRead = useIsScreenReaderEnabled();
  const { route } = router;
  const { Component } = screenNamed(screens, route.screen);
  const screen = <Component key={`${trail.length} ${route.screen} ${route.id}`} route={route} />;
  return (
    <>
      <GlobalKeys />
      {isRead ? null : (
        <>
          <SessionLine host={host} />
          <Tabs />
        </>
      )}
      {isRead && overlay !== null ? <Box display="none">{screen}</Box> : screen}
      {isRead && overlay === null ? <SessionLine host={host} /> : null}
      {overlay}
    </>
  );
}

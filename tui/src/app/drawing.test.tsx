import { Text } from 'ink';
import { render } from 'ink-testing-library';
import type { ReactNode } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../db/testing/eventually.ts';
import { renderApp } from '../../testing/rendered.tsx';
import { DrawingErrorBoundary } from './drawing.tsx';

afterEach(() => vi.unstubAllEnvs());

describe('for a screen reader', () => {
  it('rows are sentences, and a dialog is read alone', async () => {
    vi.stubEnv('INK_SCREEN_READER', 'true');
    const { type, text, close } = renderApp();
    await eventually(() => expect(text()).toContain('selected: berlin, stale'));
    expect(text()).not.toMatch(/[─│▌]/);
    await type('jR');
    expect(text()).toContain('dialog: Restart the gateway: primary');
    expect(text()).not.toContain('selected: berlin');
    await type('q');
    expect(text()).toContain('selected: primary, unhealthy');
    await close();
  });
});

describe('a screen that cannot be drawn', () => {
  it('passes its reason on', async () => {
    const errors: unknown[] = [];
    function Broken(): ReactNode {
      throw new Error('no such row');
    }
    const { unmount } = render(
      <DrawingErrorBoundary onError={(error) => errors.push(error)}>
        <Text>before</Text>
        <Broken />
      </DrawingErrorBoundary>,
    );
    await eventually(() => expect(errors).toMatchObject([{ message: 'no such row' }]));
    unmount();
  });
});

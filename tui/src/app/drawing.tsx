import { useApp } from 'ink';
import { Component, type ReactNode, useEffect } from 'react';

export type LendTerminal = (run: () => Promise<void>) => Promise<void>;

/** Gives away Ink's way to lend the terminal to another program, which only components have. */
export function TerminalLender({ onReady }: { readonly onReady: (lend: LendTerminal) => void }): ReactNode {
  const { suspendTerminal } = useApp();
  useEffect(() => onReady((run) => suspendTerminal(run)), [onReady, suspendTerminal]);
  return null;
}

interface DrawingErrorBoundaryProps {
  readonly children: ReactNode;
  readonly onError: (error: unknown) => void;
}

/** Passes on why a screen cannot be drawn: the alternate screen would take the reason with it. */
export class DrawingErrorBoundary extends Component<
  DrawingErrorBoundaryProps,
  { readonly hasFailed: boolean }
> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override componentDidCatch(error: unknown): void {
    this.props.onError(error);
  }

  override render(): ReactNode {
    return this.state.hasFailed ? null : this.props.children;
  }
}

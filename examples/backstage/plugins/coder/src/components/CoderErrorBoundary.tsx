import { Component, type ReactNode } from 'react';
import Typography from '@material-ui/core/Typography';

/**
 * Properties of {@link CoderErrorBoundary}.
 * @public
 */
export interface CoderErrorBoundaryProps {
  children?: ReactNode;
  /** What is shown in place of children that failed. */
  fallbackUi?: ReactNode;
}

/**
 * Keeps a failure of the components below it from the rest of the page.
 * @public
 */
export class CoderErrorBoundary extends Component<CoderErrorBoundaryProps, { hasFailed: boolean }> {
  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  state = { hasFailed: false };

  render() {
    if (!this.state.hasFailed) return this.props.children;
    const { fallbackUi } = this.props;
    if (fallbackUi !== undefined) return fallbackUi;
    return (
      <Typography role="alert">
        This part of the page has failed. Reload the page; if that does not help, tell the portal's
        administrator.
      </Typography>
    );
  }
}

import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { useApiHolder } from '@backstage/core-plugin-api';
import type { QueryClient } from '@tanstack/react-query';
import IconButton from '@material-ui/core/IconButton';
import Paper from '@material-ui/core/Paper';
import { makeStyles } from '@material-ui/core/styles';
import CloseIcon from '@material-ui/icons/Close';
import { coderApiRef } from '../api/CoderApi';
import { CoderContextProvider, newQueryClient, type CoderContextValue } from '../hooks/context';
import { useFollowSession, useIsRefused } from '../hooks/useCoderAuth';
import type { CoderAppConfig } from '../model/appConfig';
import { SignIn } from './SignIn';

/**
 * Properties of {@link CoderProvider}.
 * @public
 */
export interface CoderProviderProps {
  children?: ReactNode;
  /** Configuration for all entities, which wins over app-config. */
  appConfig?: CoderAppConfig;
  /** A client of the portal's own. */
  queryClient?: QueryClient;
  /**
   * When a sign-in floats over the page: `restrained` (the default) when a component needs it and none on
   * the screen offers it, `assertive` whenever one needs it, `hidden` never.
   */
  fallbackAuthUiMode?: 'restrained' | 'assertive' | 'hidden';
}

/**
 * Gives a configuration and a cache to the components below it. They work without it, too.
 *
 * It needs no router, so it may stand above `AppRouter`, below it, or around one component.
 * @public
 */
export function CoderProvider(props: CoderProviderProps) {
  const { appConfig, children, fallbackAuthUiMode = 'restrained' } = props;
  const [ownClient] = useState(newQueryClient);
  const client = props.queryClient ?? ownClient;
  const [offering, setOffering] = useState(0);
  const registerSignIn = useCallback(() => {
    setOffering(count => count + 1);
    return () => setOffering(count => count - 1);
  }, []);
  const value = useMemo<CoderContextValue>(
    () => ({ appConfig, registerSignIn }),
    [appConfig, registerSignIn],
  );
  const isFloating = fallbackAuthUiMode === 'assertive' || offering === 0;
  // An app gives its APIs to what is below its root only.
  const hasApis = useApiHolder().get(coderApiRef) !== undefined;
  return (
    <CoderContextProvider value={value} queryClient={client}>
      {hasApis && <Follow client={client} />}
      {children}
      {hasApis && fallbackAuthUiMode !== 'hidden' && isFloating && <Floating client={client} />}
    </CoderContextProvider>
  );
}

function Follow({ client }: { client: QueryClient }) {
  useFollowSession(client);
  return null;
}

const useStyles = makeStyles(theme => ({
  floating: {
    position: 'fixed',
    right: theme.spacing(2),
    bottom: theme.spacing(2),
    maxWidth: `min(24rem, calc(100vw - ${theme.spacing(4)}px))`,
    padding: theme.spacing(2),
    zIndex: theme.zIndex.snackbar,
  },
  close: { position: 'absolute', top: 0, right: 0 },
}));

function Floating({ client }: { client: QueryClient }) {
  const classes = useStyles();
  const isRefused = useIsRefused(client);
  const [isDismissed, setIsDismissed] = useState(false);
  if (!isRefused || isDismissed) return null;
  return (
    <Paper
      className={classes.floating}
      component="section"
      elevation={8}
      aria-label="Sign in to Coder"
    >
      <IconButton
        className={classes.close}
        aria-label="Not now"
        onClick={() => setIsDismissed(true)}
      >
        <CloseIcon fontSize="small" />
      </IconButton>
      <SignIn isFloating message="A part of this page needs your account at Coder." />
    </Paper>
  );
}

import { useMemo, type ComponentType, type ReactNode } from 'react';
import {
  CoderContextProvider,
  sharedQueryClient,
  useCoderContext,
  type CoderContextValue,
} from '../hooks/context';
import { useFollowSession } from '../hooks/useCoderAuth';
import { CoderErrorBoundary } from './CoderErrorBoundary';

/** Gives what a `CoderProvider` would give, where there is none. */
export function EnsureProvider({ children }: { children?: ReactNode }) {
  return useCoderContext() ? <>{children}</> : <DefaultProvider>{children}</DefaultProvider>;
}

function DefaultProvider({ children }: { children?: ReactNode }) {
  const client = sharedQueryClient();
  useFollowSession(client);
  const value = useMemo<CoderContextValue>(
    () => ({ appConfig: undefined, registerSignIn: () => () => undefined }),
    [],
  );
  return (
    <CoderContextProvider value={value} queryClient={client}>
      {children}
    </CoderContextProvider>
  );
}

/** Makes a component that works with a `CoderProvider` and without one. */
export function withProvider<P extends object>(Component: ComponentType<P>, name: string) {
  const Wrapped = (props: P) => (
    <EnsureProvider>
      <CoderErrorBoundary>
        <Component {...props} />
      </CoderErrorBoundary>
    </EnsureProvider>
  );
  Wrapped.displayName = name;
  return Wrapped;
}

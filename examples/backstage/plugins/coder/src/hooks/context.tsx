import { createContext, useContext, type ReactNode } from 'react';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { CoderApiError, isSignedOut } from '../api/CoderApi';
import type { CoderAppConfig } from '../model/appConfig';

/** Where the queries of this package keep their client, apart from a client that the portal has. */
export const CoderQueryContext = createContext<QueryClient | undefined>(undefined);

/** What `CoderProvider` gives to the components below it. */
export interface CoderContextValue {
  appConfig: CoderAppConfig | undefined;
  /** Tells that a component is on the screen that lets people sign in. Returns what ends that. */
  registerSignIn(): () => void;
}

const CoderContext = createContext<CoderContextValue | undefined>(undefined);

/** Returns what the nearest `CoderProvider` gives. A component needs none. */
export function useCoderContext(): CoderContextValue | undefined {
  return useContext(CoderContext);
}

let sharedClient: QueryClient | undefined;

/** Returns the client that all cards of a page share which have no provider with one of its own. */
export function sharedQueryClient(): QueryClient {
  sharedClient ??= newQueryClient();
  return sharedClient;
}

/** Makes a client that repeats what may succeed the next time, and nothing else. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: { queries: { retry: isWorthRepeating, retryDelay, staleTime: 5_000 } },
  });
}

function isWorthRepeating(failures: number, error: unknown): boolean {
  if (isSignedOut(error) || !(error instanceof CoderApiError)) return false;
  const isPassing = error.status === undefined || error.status === 429 || error.status >= 500;
  return isPassing && failures < 2;
}

function retryDelay(failures: number, error: unknown): number {
  const asked = error instanceof CoderApiError ? error.retryAfterSeconds : undefined;
  return Math.min(asked ?? 2 ** failures, 10) * 1000;
}

/** Puts a value and a client into the tree. */
export function CoderContextProvider(props: {
  value: CoderContextValue;
  queryClient: QueryClient;
  children?: ReactNode;
}) {
  return (
    <CoderContext.Provider value={props.value}>
      <QueryClientProvider client={props.queryClient} context={CoderQueryContext}>
        {props.children}
      </QueryClientProvider>
    </CoderContext.Provider>
  );
}

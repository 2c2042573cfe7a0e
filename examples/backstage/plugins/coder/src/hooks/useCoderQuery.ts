import { useApi } from '@backstage/core-plugin-api';
import {
  useMutation,
  useQuery,
  useQueryClient,
  type QueryClient,
  type QueryFunctionContext,
  type QueryKey,
  type UseMutationOptions,
  type UseMutationResult,
  type UseQueryOptions,
  type UseQueryResult,
} from '@tanstack/react-query';
import { coderApiRef, type CoderApi } from '../api/CoderApi';
import { CoderQueryContext } from './context';

/**
 * The first part of the key of every query of this package.
 * @public
 */
export const CODER_QUERY_KEY_PREFIX = 'coder-backstage-plugin';

/**
 * Options of {@link useCoderQuery}: those of TanStack Query, with a function that gets the portal's API.
 * @public
 */
export type UseCoderQueryOptions<T> = Omit<
  UseQueryOptions<T, unknown, T, QueryKey>,
  'queryFn' | 'context' | 'queryKey'
> & {
  queryKey: QueryKey;
  queryFn: (context: QueryFunctionContext & { coderApi: CoderApi }) => Promise<T>;
};

/**
 * Asks the portal for the person who is signed in to Coder.
 * @public
 */
export function useCoderQuery<T>(options: UseCoderQueryOptions<T>): UseQueryResult<T, unknown> {
  const coderApi = useApi(coderApiRef);
  return useQuery<T, unknown, T, QueryKey>({
    ...options,
    queryKey: withPrefix(options.queryKey),
    queryFn: context => options.queryFn({ ...context, coderApi }),
    context: CoderQueryContext,
  });
}

/**
 * Options of {@link useCoderMutation}: those of TanStack Query, with a function that gets the portal's API.
 * @public
 */
export type UseCoderMutationOptions<T, V> = Omit<
  UseMutationOptions<T, unknown, V>,
  'mutationFn' | 'context'
> & {
  mutationFn: (variables: V, context: { coderApi: CoderApi }) => Promise<T>;
};

/**
 * Changes something at Coder through the portal. Afterwards every query of this package is asked anew.
 * @public
 */
export function useCoderMutation<T, V = void>(
  options: UseCoderMutationOptions<T, V>,
): UseMutationResult<T, unknown, V> {
  const coderApi = useApi(coderApiRef);
  const invalidate = useInvalidateCoder();
  return useMutation<T, unknown, V>({
    ...options,
    mutationFn: variables => options.mutationFn(variables, { coderApi }),
    onSettled: (...settled) => {
      invalidate();
      return options.onSettled?.(...settled);
    },
    context: CoderQueryContext,
  });
}

/** Returns a function that asks every query of this package anew. */
export function useInvalidateCoder(): () => void {
  const client = useQueryClient({ context: CoderQueryContext });
  return () => void client.invalidateQueries([CODER_QUERY_KEY_PREFIX]);
}

/**
 * Forgets what no component on the screen asks. Nothing asks it anew after a sign-in, so that it would stay the
 * answer to the account before.
 */
export function forgetUnseen(client: QueryClient) {
  client.removeQueries({ queryKey: [CODER_QUERY_KEY_PREFIX], type: 'inactive' });
}

/** Returns a key as the queries of this package have it. */
export function withPrefix(key: QueryKey): QueryKey {
  return key[0] === CODER_QUERY_KEY_PREFIX ? key : [CODER_QUERY_KEY_PREFIX, ...key];
}

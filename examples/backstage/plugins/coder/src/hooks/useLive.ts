import { useEffect, useMemo, useState } from 'react';
import { useApi } from '@backstage/core-plugin-api';
import { useQueryClient, type QueryKey } from '@tanstack/react-query';
import { coderApiRef } from '../api/CoderApi';
import type { CoderLiveEvent, CoderWorkspaceList } from '../api/wire';
import { MOST_WATCHED, needsReading, withEvent, withProblem, type Problems } from '../model/live';
import { CoderQueryContext } from './context';
import { withPrefix } from './useCoderQuery';

/**
 * Keeps the list of a query up to date by the live stream. Returns what the stream says about the
 * deployment, if it says that states may be out of date.
 */
export function useLiveList(queryKey: QueryKey, list: CoderWorkspaceList | undefined) {
  const client = useQueryClient({ context: CoderQueryContext });
  const [problems, setProblems] = useState<Problems>({});
  const key = JSON.stringify(withPrefix(queryKey));
  const ids = useMemo(() => watched(list), [list]);
  useLive(ids, event => {
    const parsed: QueryKey = JSON.parse(key);
    const known = client.getQueryData<CoderWorkspaceList>(parsed);
    setProblems(before => withProblem(before, event));
    if (event.type === 'end') client.invalidateQueries(parsed);
    if (!known) return;
    const reading = needsReading(known, event);
    client.setQueryData(parsed, withEvent(known, event));
    if (reading) client.invalidateQueries(parsed);
  });
  return Object.values(problems)[0];
}

/**
 * Watches workspaces while the page is seen: a browser opens few connections to one host, and pages in the
 * background would take them all.
 *
 * @param ids - the ids, separated by commas; nothing is watched when it is empty
 */
export function useLive(ids: string, onEvent: (event: CoderLiveEvent) => void) {
  const coderApi = useApi(coderApiRef);
  const isSeen = useIsSeen();
  const latest = useLatest(onEvent);
  useEffect(() => {
    if (!isSeen || ids === '') return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    coderApi
      .watch(ids.split(','), { signal, onEvent: event => latest.current(event) })
      .catch(() => undefined);
    return () => controller.abort();
  }, [coderApi, ids, isSeen, latest]);
}

function watched(list: CoderWorkspaceList | undefined): string {
  const ids = (list?.workspaces ?? []).map(({ id }) => id);
  return ids.slice(0, MOST_WATCHED).sort().join(',');
}

function useLatest<T>(value: T): { current: T } {
  const [holder] = useState(() => ({ current: value }));
  useEffect(() => {
    holder.current = value;
  });
  return holder;
}

function useIsSeen(): boolean {
  const [isSeen, setIsSeen] = useState(() => !document.hidden);
  useEffect(() => {
    const follow = () => setIsSeen(!document.hidden);
    document.addEventListener('visibilitychange', follow);
    return () => document.removeEventListener('visibilitychange', follow);
  }, []);
  return isSeen;
}

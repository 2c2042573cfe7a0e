import { useMemo } from 'react';
import { stringifyEntityRef, type Entity } from '@backstage/catalog-model';
import { useAsyncEntity } from '@backstage/plugin-catalog-react';
import type { Config } from '@backstage/config';
import { configApiRef, useApi } from '@backstage/core-plugin-api';
import type { UseQueryResult } from '@tanstack/react-query';
import { isSignedOut } from '../api/CoderApi';
import type { CoderEntityOffer, CoderWorkspaceList } from '../api/wire';
import { compileAppConfig, type CoderAppConfig } from '../model/appConfig';
import { cardState, type CoderCardState } from '../model/card';
import { readFilter } from '../model/filter';
import { useCoderContext } from './context';
import { useCoderQuery } from './useCoderQuery';
import { useLiveList } from './useLive';

/**
 * The configuration of the workspaces that a card shows: of its entity, or the defaults of the app.
 * @public
 */
export interface CoderWorkspacesConfig {
  /** The reference of the entity; `undefined` when the card reads none. */
  entityRef: string | undefined;
  isReadingEntityData: boolean;
  mode: 'manual' | 'auto';
  templateName: string | undefined;
  /** Parameters of new workspaces. */
  params: Readonly<Record<string, string>>;
  repoUrl: string | undefined;
  repoUrlParamKeys: readonly string[];
  /** URL of Coder's form for a new workspace; `undefined` without a template. */
  creationUrl: string | undefined;
  /** Whether the portal would make the same workspace: `false` when `appConfig` names another template. */
  isOfPortal: boolean;
}

/** What the card knows. */
export interface CoderWorkspaces {
  state: CoderCardState;
  query: UseQueryResult<CoderWorkspaceList, unknown>;
  config: CoderWorkspacesConfig;
}

/** Returns the entity of the page; `undefined` outside of an entity's page. */
export function useOptionalEntity(isRead: boolean): Entity | undefined {
  try {
    // It throws outside of an entity's page, after the only hook that it calls.
    // eslint-disable-next-line react-hooks/rules-of-hooks
    const { entity } = useAsyncEntity();
    return isRead ? entity : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the workspaces that match a text: those of an entity, or all of the person. */
export function useWorkspaces(filter: string, entity: Entity | undefined): CoderWorkspaces {
  const entityRef = entity && stringifyEntityRef(entity);
  const { owner, q } = readFilter(filter);
  const queryKey = ['workspaces', entityRef ?? null, owner, q];
  const query = useCoderQuery<CoderWorkspaceList>({
    queryKey,
    queryFn: ({ coderApi, signal }) =>
      entityRef === undefined
        ? coderApi.listWorkspaces({ owner, q, signal })
        : coderApi.listEntityWorkspaces(entityRef, { owner, q, signal }),
    keepPreviousData: true,
    refetchInterval: list => (list ? list.pollAfterSeconds * 1000 : 30_000),
  });
  const offer = useCoderQuery<CoderEntityOffer>({
    queryKey: ['offer', entityRef ?? null],
    queryFn: ({ coderApi, signal }) => coderApi.getEntityOffer(entityRef!, { signal }),
    enabled: entityRef !== undefined,
    staleTime: 60_000,
  });
  // The stream ends with the session, and begins again after a new sign-in.
  const problem = useLiveList(queryKey, isSignedOut(query.error) ? undefined : query.data);
  const config = useConfig(entity, offer.data);
  const state = cardState(query, entityRef === undefined ? undefined : offer, problem);
  return { state, query, config };
}

/** Reads from app-config what the original plugin takes as `appConfig`. */
function useAppConfigOfFiles(): CoderAppConfig | undefined {
  const config = useApi(configApiRef);
  return useMemo(() => appConfigOf(config), [config]);
}

/** Returns the section `coder` of app-config, as far as pages may see it. */
export function appConfigOf(config: Config): CoderAppConfig | undefined {
  const accessUrl = config.getOptionalString('coder.deployment.accessUrl');
  const workspaces = config.getOptional<CoderAppConfig['workspaces']>('coder.workspaces');
  if (accessUrl === undefined) return undefined;
  return { deployment: { accessUrl }, workspaces: workspaces ?? {} };
}

function useConfig(
  entity: Entity | undefined,
  offer: CoderEntityOffer | undefined,
): CoderWorkspacesConfig {
  const given = useCoderContext()?.appConfig;
  const ofFiles = useAppConfigOfFiles();
  // For an entity the portal knows app-config; a card without one has only what the page knows.
  const appConfig = given ?? (entity === undefined ? ofFiles : undefined);
  const entityRef = entity && stringifyEntityRef(entity);
  const repoUrl = offer?.repositoryUrl ?? undefined;
  const compiled = useCoderQuery({
    queryKey: ['appConfig', appConfig ?? null, entityRef ?? null, repoUrl ?? null],
    queryFn: () => compileAppConfig(appConfig!, entity, repoUrl),
    enabled: appConfig !== undefined && (entity === undefined || offer !== undefined),
    staleTime: Infinity,
    retry: false,
  });
  const { data } = compiled;
  const templateName = data?.templateName ?? offer?.templateName ?? undefined;
  return {
    entityRef,
    isReadingEntityData: entity !== undefined,
    mode: offer?.mode ?? appConfig?.workspaces.defaultMode ?? 'manual',
    templateName,
    params: data?.params ?? (appConfig ? {} : offer?.params) ?? {},
    repoUrl,
    repoUrlParamKeys: appConfig?.workspaces.repoUrlParamKeys ?? offer?.repoUrlParamKeys ?? [],
    creationUrl: data?.creationUrl ?? offer?.creationUrl ?? undefined,
    isOfPortal: !data || data.templateName === (offer?.templateName ?? undefined),
  };
}

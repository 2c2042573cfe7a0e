import { DatabaseManager } from '@backstage/backend-defaults/database';
import { HostDiscovery } from '@backstage/backend-defaults/discovery';
import {
  coreServices,
  createServiceFactory,
  createServiceRef,
  type RootConfigService,
  type RootLifecycleService,
  type RootLoggerService,
} from '@backstage/backend-plugin-api';
import type { Entity } from '@backstage/catalog-model';
import type { JsonObject } from '@backstage/types';
import { handlerConfig } from './config';
import { KnexRowStore } from './rows';

/** The time for which entities of the catalog are used again, in milliseconds. */
const REMEMBERED = 60_000;

/** Answers requests of the routes of a portal. */
export type Handler = (request: Request) => Promise<Response>;

/** Gives the entities of the catalog. */
export type Catalog = () => Promise<Entity[]>;

/** The handler that the modules of one backend share. */
export interface SharedHandler {
  /** Returns the handler, which is made by the first call. */
  get(): Promise<Handler>;
  /** Returns the environment of the portal's pages. */
  environment(): string | undefined;
  /** Names where the components of the catalog come from. */
  setCatalog(catalog: Catalog): void;
}

/** The service of the handler. */
export const handlerRef = createServiceRef<SharedHandler>({
  id: 'coder.handler',
  scope: 'root',
  defaultFactory: async service =>
    createServiceFactory({
      service,
      deps: {
        config: coreServices.rootConfig,
        logger: coreServices.rootLogger,
        lifecycle: coreServices.rootLifecycle,
      },
      factory({ config, logger, lifecycle }) {
        let handler: Promise<Handler> | undefined;
        let catalog: Catalog = async () => [];
        let read: { at: number; entities: Promise<Entity[]> } | undefined;
        // An array that is given again is not read again.
        const entities = () => {
          if (!read || Date.now() - read.at > REMEMBERED) {
            read = { at: Date.now(), entities: catalog() };
            read.entities.catch(() => {
              read = undefined;
            });
          }
          return read.entities;
        };
        return {
          get: () => (handler ??= makeHandler(config, logger, lifecycle, entities)),
          environment: () => config.getOptionalString('auth.environment'),
          setCatalog: next => {
            catalog = next;
          },
        };
      },
    }),
});

async function makeHandler(
  config: RootConfigService,
  logger: RootLoggerService,
  lifecycle: RootLifecycleService,
  catalog: Catalog,
): Promise<Handler> {
  const { createHandler, init } = await import('@coder-backstage/core/edge');
  await init();
  const database = DatabaseManager.fromConfig(config).forPlugin('coder', { logger, lifecycle });
  const login = await KnexRowStore.open(await database.getClient());
  const log = (level: 'error' | 'warn' | 'info', line: string) => logger[level](line);
  const discovery = HostDiscovery.fromConfig(config);
  const backstage = {
    issuer: await discovery.getExternalBaseUrl('auth'),
    jwksUrl: `${await discovery.getBaseUrl('auth')}/.well-known/jwks.json`,
  };
  const settings = handlerConfig(config.get<JsonObject>(), backstage);
  return createHandler(settings, { login, catalog }, { log });
}

import {
  coreServices,
  createBackendModule,
  type LoggerService,
} from '@backstage/backend-plugin-api';
import { stringifyEntityRef, type Entity } from '@backstage/catalog-model';
import { InputError } from '@backstage/errors';
import type {
  CatalogProcessor,
  CatalogProcessorCache,
  CatalogProcessorEmit,
  LocationSpec,
} from '@backstage/plugin-catalog-node';
import { catalogProcessingExtensionPoint } from '@backstage/plugin-catalog-node/alpha';

/** The key of the cache that holds what was logged about an entity. */
const LOGGED = 'logged';

/** The mistakes of an entity that are told; of others, their number is. */
const MOST_TOLD = 20;

/** A remark about an entity, as `coder-config` has it. */
export interface Remark {
  message: string;
  help?: string;
  path?: string;
}

/** Tells what is wrong in a catalog file. */
export type Lint = (text: string) => Remark[];

/**
 * Checks `spec.coder` of entities, with the messages of `coder-backstage`.
 *
 * A mistake is a value that is ignored, so by default it is a warning in the log and the entity stays. With
 * `strict` it is an error of the entity, which the catalog shows.
 * @public
 */
export class CoderProcessor implements CatalogProcessor {
  readonly #lint: Lint;
  readonly #logger: Pick<LoggerService, 'warn'>;
  readonly #strict: boolean;

  constructor(options: { lint: Lint; logger: Pick<LoggerService, 'warn'>; strict: boolean }) {
    this.#lint = options.lint;
    this.#logger = options.logger;
    this.#strict = options.strict;
  }

  getProcessorName() {
    return 'CoderProcessor';
  }

  async preProcessEntity(
    entity: Entity,
    _location: LocationSpec,
    _emit: CatalogProcessorEmit,
    _originLocation: LocationSpec,
    cache: CatalogProcessorCache,
  ): Promise<Entity> {
    if (entity.spec?.coder === undefined) return entity;
    const remarks = this.#lint(JSON.stringify(entity))
      // A remark without a path is about the whole entity: nothing of spec.coder can be read.
      .filter(({ path = 'spec.coder' }) => `${path}.`.startsWith('spec.coder.'))
      .map(({ message, help }) => (help ? `${message}; ${help}` : message));
    const told = remarks.slice(0, MOST_TOLD);
    const others = remarks.length - told.length;
    const text = [...told, ...(others > 0 ? [`and ${others} more`] : [])].join('. ');
    if (text !== '' && this.#strict) throw new InputError(text);
    // The cache is that of this entity. A text is logged once, until it changes.
    if ((await cache.get<string>(LOGGED)) === text) return entity;
    await cache.set(LOGGED, text);
    if (text !== '') this.#logger.warn(`${stringifyEntityRef(entity)}: ${text}`);
    return entity;
  }
}

/**
 * Lets the catalog check `spec.coder` of entities. `catalog.processors.coder.strict: true` makes a mistake an
 * error of the entity.
 * @public
 */
export const catalogModule = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'coder',
  register({ registerInit }) {
    registerInit({
      deps: {
        catalog: catalogProcessingExtensionPoint,
        config: coreServices.rootConfig,
        logger: coreServices.logger,
      },
      async init({ catalog, config, logger }) {
        const { init, lintCatalogInfo } = await import('@coder-backstage/core/text');
        await init();
        const strict = config.getOptionalBoolean('catalog.processors.coder.strict') ?? false;
        const lint: Lint = text => lintCatalogInfo(text);
        catalog.addProcessor(new CoderProcessor({ lint, logger, strict }));
      },
    });
  },
});

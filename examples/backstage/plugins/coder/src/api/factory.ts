import {
  configApiRef,
  createApiFactory,
  discoveryApiRef,
  fetchApiRef,
} from '@backstage/core-plugin-api';
import { coderApiRef, type CoderApi } from './CoderApi';
import { CoderClient } from './CoderClient';

/**
 * The factory of {@link coderApiRef}.
 * @public
 */
export const coderApiFactory = createApiFactory({
  api: coderApiRef,
  deps: { configApi: configApiRef, discoveryApi: discoveryApiRef, fetchApi: fetchApiRef },
  factory: (apis): CoderApi => new CoderClient(apis),
});

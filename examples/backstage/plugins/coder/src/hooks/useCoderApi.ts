import { useApi } from '@backstage/core-plugin-api';
import { coderApiRef, type CoderApi } from '../api/CoderApi';

/**
 * Returns the portal's API, for components of a portal's own.
 * @public
 */
export function useCoderApi(): CoderApi {
  return useApi(coderApiRef);
}

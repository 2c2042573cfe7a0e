import { createRouteRef } from '@backstage/core-plugin-api';

/** The route of the page "Coder" in the legacy system. */
export const rootRouteRef = createRouteRef({ id: 'coder' });

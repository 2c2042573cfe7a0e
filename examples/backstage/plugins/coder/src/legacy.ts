import { createPlugin, createRoutableExtension } from '@backstage/core-plugin-api';
import { coderAuthApiFactory } from './api/auth';
import { coderApiFactory } from './api/factory';
import { rootRouteRef } from './routes';

/**
 * The plugin for apps of the legacy system. It brings both APIs along; an app may register its own instead.
 * @public
 */
export const coderPlugin = createPlugin({
  id: 'coder',
  routes: { root: rootRouteRef },
  apis: [coderApiFactory, coderAuthApiFactory],
});

/**
 * The page "Coder" for `<Route path="/coder" element={<CoderLegacyPage />} />`.
 * @public
 */
export const CoderLegacyPage = coderPlugin.provide(
  createRoutableExtension({
    name: 'CoderPage',
    component: () => import('./components/CoderPage').then(({ CoderPage }) => CoderPage),
    mountPoint: rootRouteRef,
  }),
);

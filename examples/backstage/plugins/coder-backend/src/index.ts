/**
 * Coder in a Backstage backend: an action of the scaffolder, and a check of the catalog.
 *
 * @packageDocumentation
 */
import { createBackendFeatureLoader } from '@backstage/backend-plugin-api';
import { catalogModule } from './catalog';
import { scaffolderModule } from './scaffolder';

export { CoderProcessor, catalogModule, type Lint, type Remark } from './catalog';
export { createWorkspaceAction, scaffolderModule } from './scaffolder';
export { Portal, type Choices, type CreationForm, type Template, type Workspace } from './portal';

/**
 * Adds the modules of the scaffolder and of the catalog: `backend.add(import('@coder-backstage/plugin-backend'))`.
 * @public
 */
export default createBackendFeatureLoader({
  *loader() {
    yield scaffolderModule;
    yield catalogModule;
  },
});

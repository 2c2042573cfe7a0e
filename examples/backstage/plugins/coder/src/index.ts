/**
 * Coder workspaces in Backstage: a card, a page, and signing in with Coder.
 *
 * The default export is the plugin of the New Frontend System. Apps of the legacy system take the components
 * by their names.
 *
 * @packageDocumentation
 */
export { coderFrontendPlugin as default, coderFrontendPlugin } from './plugin';
export { CoderLegacyPage, coderPlugin } from './legacy';

export { coderAuthApiFactory, coderAuthApiRef, type CoderAuthApi } from './api/auth';
export { coderApiFactory } from './api/factory';
export {
  CoderApiError,
  coderApiRef,
  isSignedOut,
  type CoderAction,
  type CoderApi,
  type CoderListOptions,
} from './api/CoderApi';
export type * from './api/everyone';
export type * from './api/wire';
export type { CoderAppConfig } from './model/appConfig';
export type { CoderCardState } from './model/card';
export type { CoderOpening, OpeningLine } from './model/opening';

export {
  CODER_QUERY_KEY_PREFIX,
  useCoderMutation,
  useCoderQuery,
  type UseCoderMutationOptions,
  type UseCoderQueryOptions,
} from './hooks/useCoderQuery';
export { useCoderApi } from './hooks/useCoderApi';
export { useCoderAuth, type CoderAuth } from './hooks/useCoderAuth';
export { useCoderWorkspacesConfig } from './hooks/useCoderWorkspacesConfig';
export type { CoderWorkspacesConfig } from './hooks/useWorkspaces';

export { CoderAuthWrapper } from './components/CoderAuthWrapper';
export { CoderErrorBoundary, type CoderErrorBoundaryProps } from './components/CoderErrorBoundary';
export { CoderIcon } from './components/CoderIcon';
export { CoderPage } from './components/CoderPage';
export { CoderProvider, type CoderProviderProps } from './components/CoderProvider';
export { CoderProviderSettings } from './components/CoderProviderSettings';
export { useOpenInCoder, type OpenInCoder } from './components/OpenInCoder';
export { CoderTemplateField } from './components/field/CoderTemplateField';

export { CoderWorkspacesCard } from './components/card/CoderWorkspacesCard';
export {
  CoderWorkspacesCardCreateWorkspaceLink,
  CoderWorkspacesCardCreateWorkspaceLink as CoderWorkspacesCardCreateWorkspacesLink,
  type CreateWorkspaceLinkProps,
} from './components/card/CreateWorkspaceLink';
export {
  CoderWorkspacesCardExtraActionsButton,
  type ExtraActionsButtonProps,
} from './components/card/ExtraActionsButton';
export { CoderWorkspacesCardHeaderRow, type HeaderRowProps } from './components/card/HeaderRow';
export { CoderWorkspacesCardPlaceholder } from './components/card/Placeholder';
export {
  CoderWorkspacesReminderAccordion,
  type ReminderAccordionProps,
} from './components/card/ReminderAccordion';
export {
  CoderWorkspacesCardRoot,
  useWorkspacesCardContext,
  type WorkspacesCardContext,
  type WorkspacesCardProps,
} from './components/card/Root';
export { CoderWorkspacesCardSearchBox, type SearchBoxProps } from './components/card/SearchBox';
export {
  CoderWorkspacesCardWorkspacesList,
  type WorkspacesListProps,
} from './components/card/WorkspacesList';
export {
  CoderWorkspacesCardWorkspacesListIcon,
  type WorkspacesListIconProps,
} from './components/card/WorkspacesListIcon';
export {
  CoderWorkspacesCardWorkspacesListItem,
  type WorkspacesListItemProps,
} from './components/card/WorkspacesListItem';

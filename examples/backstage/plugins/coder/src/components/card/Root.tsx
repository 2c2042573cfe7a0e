import {
  createContext,
  useContext,
  useEffect,
  useId,
  useMemo,
  useState,
  type HTMLAttributes,
  type ReactNode,
} from 'react';
import Card from '@material-ui/core/Card';
import CardContent from '@material-ui/core/CardContent';
import Typography from '@material-ui/core/Typography';
import { stringifyEntityRef, type Entity } from '@backstage/catalog-model';
import type { UseQueryResult } from '@tanstack/react-query';
import type { CoderWorkspaceList } from '../../api/wire';
import {
  useOptionalEntity,
  useWorkspaces,
  type CoderWorkspacesConfig,
} from '../../hooks/useWorkspaces';
import { useCoderContext } from '../../hooks/context';
import type { CoderCardState } from '../../model/card';
import { withProvider } from '../EnsureProvider';
import { SignIn } from '../SignIn';

/**
 * What the parts of the card share.
 * @public
 */
export interface WorkspacesCardContext {
  /** The text of the search box. */
  queryFilter: string;
  onFilterChange: (newFilter: string) => void;
  /** The state of the card: exactly one thing to show. */
  state: CoderCardState;
  workspacesQuery: UseQueryResult<CoderWorkspaceList, unknown>;
  workspacesConfig: CoderWorkspacesConfig;
  /** The id of the heading, which names the card for screen readers. */
  headerId: string;
}

const CardContext = createContext<WorkspacesCardContext | undefined>(undefined);

/**
 * Returns what the parts of the card share. Call it below `CoderWorkspacesCardRoot`.
 * @public
 */
export function useWorkspacesCardContext(): WorkspacesCardContext {
  const context = useContext(CardContext);
  if (!context)
    throw new Error('useWorkspacesCardContext is called outside of CoderWorkspacesCardRoot');
  return context;
}

/**
 * Properties of the card.
 * @public
 */
export type WorkspacesCardProps = Omit<
  HTMLAttributes<HTMLDivElement>,
  'role' | 'aria-labelledby'
> & {
  /** The text of the search box, when the page keeps it. */
  queryFilter?: string;
  /** The text of the search box at first, when the card keeps it; empty by default. */
  defaultQueryFilter?: string;
  onFilterChange?: (newFilter: string) => void;
  /** Whether the card shows the workspaces of the entity's page it is on; `false` by default. */
  readEntityData?: boolean;
  /**
   * What is shown for an entity that Coder has nothing for: `hidden` shows no card, a text replaces the
   * portal's own.
   */
  incompatible?: 'hidden' | ReactNode;
};

function RootInside({ readEntityData = false, ...props }: WorkspacesCardProps) {
  const entity = useOptionalEntity(readEntityData);
  // Nothing of an entity is left on the card of another one.
  return <OfEntity key={entity && stringifyEntityRef(entity)} {...props} entity={entity} />;
}

function OfEntity(
  props: Omit<WorkspacesCardProps, 'readEntityData'> & { entity: Entity | undefined },
) {
  const { children, queryFilter, defaultQueryFilter = '', onFilterChange } = props;
  const { entity, incompatible, ...rest } = props;
  const attributes: HTMLAttributes<HTMLDivElement> = { ...rest };
  for (const name of ['queryFilter', 'defaultQueryFilter', 'onFilterChange', 'children']) {
    delete (attributes as Record<string, unknown>)[name];
  }
  const headerId = useId();
  const [ownFilter, setOwnFilter] = useState(defaultQueryFilter);
  const filter = queryFilter ?? ownFilter;
  const { state, query, config } = useWorkspaces(filter, entity);
  const registerSignIn = useCoderContext()?.registerSignIn;
  useEffect(() => registerSignIn?.(), [registerSignIn]);
  const context = useMemo<WorkspacesCardContext>(
    () => ({
      queryFilter: filter,
      onFilterChange: newFilter => {
        setOwnFilter(newFilter);
        onFilterChange?.(newFilter);
      },
      state,
      workspacesQuery: query,
      workspacesConfig: config,
      headerId,
    }),
    [config, filter, headerId, onFilterChange, query, state],
  );
  if (state.kind === 'incompatible' && incompatible === 'hidden') return null;
  return (
    <CardContext.Provider value={context}>
      <Card {...attributes} role="region" aria-labelledby={headerId} data-coder-card={state.kind}>
        <CardContent>{insideOf(state, headerId, incompatible, children)}</CardContent>
      </Card>
    </CardContext.Provider>
  );
}

function insideOf(
  state: CoderCardState,
  headerId: string,
  incompatible: ReactNode,
  children: ReactNode,
): ReactNode {
  const heading = (
    <Typography variant="h5" component="h2" id={headerId} gutterBottom>
      Coder Workspaces
    </Typography>
  );
  switch (state.kind) {
    case 'signedOut':
      return (
        <>
          {heading}
          <SignIn message="Sign in to Coder to see your workspaces and to make new ones." />
        </>
      );
    case 'incompatible':
      return (
        <>
          {heading}
          {incompatible ?? <Typography>{state.message}</Typography>}
        </>
      );
    case 'loading':
    case 'error':
    case 'ready':
      return children;
    default:
      return state satisfies never;
  }
}

/**
 * The frame of the card, which shares what its parts need. It shows the sign-in in their place when nobody
 * is signed in to Coder.
 * @public
 */
export const CoderWorkspacesCardRoot = withProvider(RootInside, 'CoderWorkspacesCardRoot');

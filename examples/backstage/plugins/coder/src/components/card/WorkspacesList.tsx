import type { ReactNode } from 'react';
import Button from '@material-ui/core/Button';
import CircularProgress from '@material-ui/core/CircularProgress';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import type { CoderWorkspace } from '../../api/wire';
import { CoderWorkspacesCardPlaceholder as Placeholder } from './Placeholder';
import { useWorkspacesCardContext } from './Root';
import { CoderWorkspacesCardWorkspacesListItem as Item } from './WorkspacesListItem';

const useStyles = makeStyles(theme => ({
  list: { listStyle: 'none', margin: 0, padding: 0 },
  loading: { display: 'flex', justifyContent: 'center', padding: theme.spacing(3) },
  notice: { padding: theme.spacing(1, 0) },
}));

/**
 * Properties of {@link CoderWorkspacesCardWorkspacesList}.
 * @public
 */
export interface WorkspacesListProps {
  /** What is shown when there is no workspace. */
  emptyState?: ReactNode;
  /** Draws a workspace; by default as `CoderWorkspacesCardWorkspacesListItem`. */
  renderListItem?: (workspace: CoderWorkspace) => ReactNode;
  className?: string;
}

/**
 * The workspaces of the card, or why there are none: loading, an error with what helps, none found.
 * @public
 */
export function CoderWorkspacesCardWorkspacesList(props: WorkspacesListProps) {
  const { emptyState, renderListItem, className = '' } = props;
  const classes = useStyles();
  const { state, workspacesQuery, workspacesConfig, queryFilter } = useWorkspacesCardContext();
  switch (state.kind) {
    case 'signedOut':
    case 'incompatible':
      return null;
    case 'loading':
      return (
        <div className={classes.loading}>
          <CircularProgress aria-label="Loading workspaces" />
        </div>
      );
    case 'error':
      return (
        <div role="alert">
          <Placeholder
            callToAction={
              <Button variant="outlined" onClick={() => workspacesQuery.refetch()}>
                Try again
              </Button>
            }
          >
            {sentence(state.message)}
          </Placeholder>
        </div>
      );
    case 'ready':
      return (
        <>
          {state.stale && (
            <Typography role="status" className={classes.notice}>
              What you see may be out of date: {state.stale}
            </Typography>
          )}
          {state.notices.map(notice => (
            <Typography key={notice} variant="body2" className={classes.notice}>
              {sentence(notice)}
            </Typography>
          ))}
          {state.workspaces.length === 0 ? (
            (emptyState ?? (
              <Placeholder>
                {emptyText(queryFilter, workspacesConfig.isReadingEntityData)}
              </Placeholder>
            ))
          ) : (
            <ul className={`${classes.list} ${className}`} aria-label="Workspaces">
              {state.workspaces.map(workspace =>
                renderListItem ? (
                  renderListItem(workspace)
                ) : (
                  <Item key={workspace.id} workspace={workspace} />
                ),
              )}
            </ul>
          )}
        </>
      );
    default:
      return state satisfies never;
  }
}

function emptyText(filter: string, isOfEntity: boolean): string {
  if (filter.trim() !== '') return `No workspace matches “${filter.trim()}”.`;
  return isOfEntity
    ? 'You have no workspace for this repository yet.'
    : 'You have no workspace yet.';
}

/** Makes a sentence of a message of the portal, which begins in lower case and has no period. */
export function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

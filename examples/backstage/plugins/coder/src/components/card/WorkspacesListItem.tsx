import { useState, type ReactNode } from 'react';
import Button from '@material-ui/core/Button';
import Link from '@material-ui/core/Link';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import type { CoderWorkspace, CoderWorkspaceState } from '../../api/wire';
import { useCoderMutation } from '../../hooks/useCoderQuery';
import { actionsOf, nextStep, waysInto, type Offered } from '../../model/actions';
import { messageOf } from '../../model/card';
import { ConfirmDialog } from '../ConfirmDialog';
import { ActionsMenu, WaysMenu } from '../WorkspaceMenus';
import { CoderWorkspacesCardWorkspacesListIcon as Icon } from './WorkspacesListIcon';

const useStyles = makeStyles(theme => ({
  root: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1.5),
    padding: theme.spacing(1.5, 0),
    borderBottom: `1px solid ${theme.palette.divider}`,
    '&:last-child': { borderBottom: 'none' },
  },
  text: { flex: '1 1 10rem', minWidth: 0, overflowWrap: 'anywhere' },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0.5), alignItems: 'center' },
  state: { display: 'inline-flex', alignItems: 'center', gap: theme.spacing(0.75) },
  light: {
    width: 10,
    height: 10,
    borderRadius: '50%',
    border: `2px solid ${theme.palette.text.primary}`,
  },
  lit: { backgroundColor: theme.palette.success.main, borderColor: theme.palette.success.main },
  failed: { backgroundColor: theme.palette.error.main, borderColor: theme.palette.error.main },
  moving: { borderStyle: 'dotted' },
}));

/**
 * Properties of {@link CoderWorkspacesCardWorkspacesListItem}.
 * @public
 */
export interface WorkspacesListItemProps {
  workspace: CoderWorkspace;
  /** Further text below the name, such as the entities that the workspace belongs to. */
  children?: ReactNode;
}

/** What a person has chosen, with the workspace as it was then: its name is the one that was read. */
type Chosen = Pick<Offered, 'action' | 'confirm'> & { workspace: CoderWorkspace };

/**
 * A workspace: its state with the reason, the next step, ways into it, and further actions.
 * @public
 */
export function CoderWorkspacesCardWorkspacesListItem(props: WorkspacesListItemProps) {
  const { workspace, children } = props;
  const classes = useStyles();
  const [asked, setAsked] = useState<Chosen>();
  const acting = useCoderMutation<CoderWorkspace, Chosen>({
    mutationFn: (chosen, { coderApi }) => coderApi.act(chosen.workspace, chosen.action),
  });
  const choose = ({ action, confirm }: Omit<Chosen, 'workspace'>) => {
    const chosen = { workspace, action, confirm };
    if (confirm) setAsked(chosen);
    else acting.mutate(chosen);
  };
  const { name, owner, mine, reason, links, outdated } = workspace;
  const template = workspace.templateDisplayName || workspace.template;
  const details = [template, mine ? '' : owner, outdated ? 'update available' : ''];
  return (
    <li className={classes.root} data-workspace={name}>
      <Icon src={workspace.templateIcon} workspaceName={name} />
      <div className={classes.text}>
        <Link href={links.dashboard} target="_blank" rel="noopener noreferrer" color="textPrimary">
          <strong>{name}</strong>
        </Link>
        <Typography variant="body2">{details.filter(Boolean).join(' · ')}</Typography>
        <Typography variant="body2" component="div" className={classes.state}>
          <span
            aria-hidden
            className={`${classes.light} ${classes[lightOf(workspace.availability)] ?? ''}`}
          />
          {workspace.label}
        </Typography>
        {reason && <Typography variant="body2">{reason}</Typography>}
        {children}
        {acting.error ? <Typography role="alert">{messageOf(acting.error)}</Typography> : null}
      </div>
      <div className={classes.buttons}>
        <NextButton workspace={workspace} isBusy={acting.isLoading} onChoose={choose} />
        <WaysMenu name={name} ways={waysInto(workspace)} />
        <ActionsMenu
          name={name}
          offered={actionsOf(workspace)}
          isBusy={acting.isLoading}
          onChoose={choose}
        />
      </div>
      {asked?.confirm && (
        <ConfirmDialog
          {...asked.confirm}
          onClose={() => setAsked(undefined)}
          onConfirm={() => {
            setAsked(undefined);
            acting.mutate(asked);
          }}
        />
      )}
    </li>
  );
}

function NextButton(props: {
  workspace: CoderWorkspace;
  isBusy: boolean;
  onChoose: (choice: Omit<Chosen, 'workspace'>) => void;
}) {
  const { workspace, isBusy, onChoose } = props;
  const step = nextStep(workspace);
  switch (step.kind) {
    case 'none':
      return null;
    case 'link':
      return (
        <Button
          size="small"
          variant="outlined"
          component="a"
          href={step.url}
          target="_blank"
          rel="noopener noreferrer"
          aria-label={`${step.label} ${workspace.name}`}
        >
          {step.label}
        </Button>
      );
    case 'act':
      return (
        <Button
          size="small"
          variant="outlined"
          disabled={isBusy}
          onClick={() => onChoose(step)}
          aria-label={`${step.label} ${workspace.name}`}
        >
          {step.label}
        </Button>
      );
    default:
      return step satisfies never;
  }
}

function lightOf(state: CoderWorkspaceState): 'lit' | 'failed' | 'moving' | 'light' {
  switch (state) {
    case 'online':
      return 'lit';
    case 'failed':
    case 'unhealthy':
      return 'failed';
    case 'pending':
    case 'stopping':
    case 'deleting':
      return 'moving';
    case 'offline':
    case 'deleted':
    case 'dormant':
    case 'unknown':
      return 'light';
    default:
      return state satisfies never;
  }
}

import type { HTMLAttributes, ReactNode } from 'react';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { useWorkspacesCardContext } from './Root';

/**
 * Properties of {@link CoderWorkspacesCardHeaderRow}.
 * @public
 */
export type HeaderRowProps = Omit<HTMLAttributes<HTMLDivElement>, 'children'> & {
  headerText?: string;
  headerLevel?: 'h1' | 'h2' | 'h3' | 'h4' | 'h5' | 'h6';
  actions?: ReactNode;
  fullBleedLayout?: boolean;
  activeRepoFilteringText?: ReactNode;
  headerClassName?: string;
  hgroupClassName?: string;
  subheaderClassName?: string;
};

const useStyles = makeStyles(theme => ({
  root: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1),
    alignItems: 'center',
    borderBottom: `1px solid ${theme.palette.divider}`,
    paddingBottom: theme.spacing(1),
  },
  fullBleed: {
    margin: theme.spacing(0, -2),
    paddingLeft: theme.spacing(2),
    paddingRight: theme.spacing(2),
  },
  text: { flex: '1 1 10rem', minWidth: 0 },
  repository: { overflowWrap: 'anywhere' },
  actions: { display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), alignItems: 'center' },
}));

/**
 * The heading of the card, with the repository that its workspaces are for, and with buttons.
 * @public
 */
export function CoderWorkspacesCardHeaderRow(props: HeaderRowProps) {
  const { headerText = 'Coder Workspaces', headerLevel = 'h2', actions } = props;
  const { fullBleedLayout = false, activeRepoFilteringText, className = '' } = props;
  const { headerClassName, hgroupClassName = '', subheaderClassName = '' } = props;
  const classes = useStyles();
  const { headerId, workspacesConfig } = useWorkspacesCardContext();
  const { repoUrl } = workspacesConfig;
  return (
    <div className={`${classes.root} ${fullBleedLayout ? classes.fullBleed : ''} ${className}`}>
      <div className={`${classes.text} ${hgroupClassName}`}>
        <Typography variant="h5" component={headerLevel} id={headerId} className={headerClassName}>
          {headerText}
        </Typography>
        {repoUrl && (
          <Typography variant="body2" className={`${classes.repository} ${subheaderClassName}`}>
            {activeRepoFilteringText ?? `Repository: ${repoUrl.replace(/^https?:\/\//, '')}`}
          </Typography>
        )}
      </div>
      <div className={classes.actions}>{actions}</div>
    </div>
  );
}

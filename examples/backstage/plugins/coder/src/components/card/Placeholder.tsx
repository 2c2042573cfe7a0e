import type { ReactNode } from 'react';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';

const useStyles = makeStyles(theme => ({
  root: {
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'center',
    gap: theme.spacing(2),
    padding: theme.spacing(3, 1),
    textAlign: 'center',
  },
}));

/**
 * The text in place of a list that has nothing to show, with what a person can do.
 * @public
 */
export function CoderWorkspacesCardPlaceholder(props: {
  children: ReactNode;
  /** A button or a link. */
  callToAction?: ReactNode;
}) {
  const classes = useStyles();
  return (
    <div className={classes.root}>
      <Typography>{props.children}</Typography>
      {props.callToAction}
    </div>
  );
}

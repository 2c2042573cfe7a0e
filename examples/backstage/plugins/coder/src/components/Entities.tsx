import { EntityRefLinks } from '@backstage/plugin-catalog-react';
import { makeStyles } from '@material-ui/core/styles';

const useStyles = makeStyles({ links: { '& a': { textDecoration: 'underline' } } });

/** Links to the entities that a workspace belongs to. */
export function Entities({ refs }: { refs: readonly string[] }) {
  const classes = useStyles();
  return (
    <span className={classes.links}>
      <EntityRefLinks entityRefs={[...refs]} defaultKind="component" />
    </span>
  );
}

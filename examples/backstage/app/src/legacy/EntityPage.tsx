import { EntityAboutCard, EntityLayout } from '@backstage/plugin-catalog';
import { CoderWorkspacesCard } from '@coder-backstage/plugin';
import Grid from '@material-ui/core/Grid';

const overviewContent = (
  <Grid container spacing={3} alignItems="stretch">
    <Grid item md={6} xs={12}>
      <EntityAboutCard variant="gridItem" />
    </Grid>
    <Grid item md={6} xs={12}>
      <CoderWorkspacesCard readEntityData />
    </Grid>
  </Grid>
);

/** The page of an entity: the card beside the about card. */
export const entityPage = (
  <EntityLayout>
    <EntityLayout.Route path="/" title="Overview">
      {overviewContent}
    </EntityLayout.Route>
  </EntityLayout>
);

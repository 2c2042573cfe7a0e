import { InfoCard } from '@backstage/core-components';
import { createFrontendModule } from '@backstage/frontend-plugin-api';
import { EntityCardBlueprint } from '@backstage/plugin-catalog-react/alpha';
import {
  CoderAuthWrapper,
  CoderProvider,
  useCoderMutation,
  useCoderQuery,
} from '@coder-backstage/plugin';
import Button from '@material-ui/core/Button';
import Typography from '@material-ui/core/Typography';

/** A card of the portal's own: it reads and changes something at Coder with the hooks of the plugin. */
export function FavoritesCard() {
  return (
    <CoderProvider>
      <InfoCard title="My favorites at Coder">
        <CoderAuthWrapper type="card">
          <Favorites />
        </CoderAuthWrapper>
      </InfoCard>
    </CoderProvider>
  );
}

function Favorites() {
  const list = useCoderQuery({
    queryKey: ['favorites'],
    queryFn: ({ coderApi, signal }) => coderApi.listWorkspaces({ signal }),
  });
  const change = useCoderMutation({
    mutationFn: (workspace: { id: string; name: string; favorite: boolean }, { coderApi }) =>
      coderApi.act(workspace, { kind: 'favorite', favorite: !workspace.favorite }),
  });
  const workspaces = list.data?.workspaces ?? [];
  const favorites = workspaces.filter(({ favorite }) => favorite);
  if (favorites.length === 0) return <Typography>None yet.</Typography>;
  return (
    <ul>
      {favorites.map(workspace => (
        <li key={workspace.id}>
          {workspace.name}
          <Button size="small" onClick={() => change.mutate(workspace)}>
            Remove {workspace.name}
          </Button>
        </li>
      ))}
    </ul>
  );
}

const favoritesCard = EntityCardBlueprint.make({
  name: 'coder-favorites',
  params: { filter: 'kind:component', loader: async () => <FavoritesCard /> },
});

/** Puts the card on the pages of components. */
export const exampleModule = createFrontendModule({
  pluginId: 'catalog',
  extensions: [favoritesCard],
});

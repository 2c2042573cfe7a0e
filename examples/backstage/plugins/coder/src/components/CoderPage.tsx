import { useId, useState } from 'react';
import { Content, Header, Page } from '@backstage/core-components';
import Button from '@material-ui/core/Button';
import Tab from '@material-ui/core/Tab';
import Tabs from '@material-ui/core/Tabs';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { isSignedOut } from '../api/CoderApi';
import type { CoderIndexList } from '../api/everyone';
import type { CoderPerson, CoderWorkspace, CoderWorkspaceState } from '../api/wire';
import { useCoderQuery } from '../hooks/useCoderQuery';
import { showsOthers } from '../model/everyone';
import { CoderWorkspacesCardExtraActionsButton as ExtraActionsButton } from './card/ExtraActionsButton';
import { CoderWorkspacesCardHeaderRow as HeaderRow } from './card/HeaderRow';
import { CoderWorkspacesCardPlaceholder as Placeholder } from './card/Placeholder';
import { CoderWorkspacesCardRoot as Root, useWorkspacesCardContext } from './card/Root';
import { CoderWorkspacesCardSearchBox as SearchBox } from './card/SearchBox';
import { CoderWorkspacesCardWorkspacesList as WorkspacesList } from './card/WorkspacesList';
import { CoderWorkspacesCardWorkspacesListItem as Item } from './card/WorkspacesListItem';
import { Choice, type Option } from './Choice';
import { withProvider } from './EnsureProvider';
import { Entities } from './Entities';
import { Everyone } from './Everyone';

const useStyles = makeStyles(theme => ({
  filters: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(2),
    margin: theme.spacing(2, 0),
  },
  search: { flex: '1 1 14rem' },
  select: { minWidth: '9rem', flex: '0 1 auto' },
}));

/** The groups of states that the page filters by. */
const GROUPS: Readonly<Record<string, { label: string; states?: readonly CoderWorkspaceState[] }>> =
  {
    all: { label: 'Any state' },
    running: { label: 'Running', states: ['online', 'pending', 'unhealthy'] },
    stopped: { label: 'Stopped', states: ['offline', 'stopping', 'dormant'] },
    failed: { label: 'With a problem', states: ['failed', 'unhealthy', 'unknown'] },
  };

/** Whose workspaces the page shows. */
type Whose = 'mine' | 'everyone';

function Inside() {
  const [whose, setWhose] = useState<Whose>('mine');
  const id = useId();
  const me = useCoderQuery<CoderPerson>({
    queryKey: ['me'],
    queryFn: ({ coderApi, signal }) => coderApi.getMe({ signal }),
  });
  // A portal without an index, and one that shows a person nothing more, has the person's own list only.
  const index = useCoderQuery<CoderIndexList>({
    queryKey: ['index', 'probe'],
    queryFn: ({ coderApi, signal }) => coderApi.listIndex({ limit: 1, signal }),
    enabled: me.data !== undefined,
    staleTime: 60_000,
    retry: false,
  });
  const person = [me.error, index.error].some(isSignedOut) ? undefined : me.data;
  const hasOthers = person && index.data && showsOthers(index.data, person.username);
  const shown = hasOthers && whose === 'everyone' ? 'everyone' : 'mine';
  return (
    <Page themeId="tool">
      <Header title="Coder" subtitle="Workspaces for the software of this portal" />
      <Content>
        {hasOthers && (
          <Tabs
            value={shown}
            onChange={(_, value: Whose) => setWhose(value)}
            indicatorColor="primary"
            aria-label="Whose workspaces"
          >
            <Tab value="mine" label="Mine" id={`${id}-mine`} aria-controls={`${id}-panel`} />
            <Tab
              value="everyone"
              label="Everyone’s"
              id={`${id}-everyone`}
              aria-controls={`${id}-panel`}
            />
          </Tabs>
        )}
        <div
          id={`${id}-panel`}
          {...(hasOthers ? { role: 'tabpanel', 'aria-labelledby': `${id}-${shown}` } : {})}
        >
          {shown === 'everyone' && person ? (
            <Everyone person={person} />
          ) : (
            <Root>
              <Workspaces />
            </Root>
          )}
        </div>
      </Content>
    </Page>
  );
}

function Workspaces() {
  const classes = useStyles();
  const [group, setGroup] = useState('all');
  const [template, setTemplate] = useState('');
  const { state } = useWorkspacesCardContext();
  const all = state.kind === 'ready' ? state.workspaces : [];
  const templates = [...new Set(all.map(it => it.template))].sort();
  const states = GROUPS[group]?.states;
  const isShown = (workspace: CoderWorkspace) =>
    (!states || states.includes(workspace.availability)) &&
    (template === '' || workspace.template === template);
  const shown = all.filter(isShown).length;
  return (
    <>
      <HeaderRow headerText="Workspaces" actions={<ExtraActionsButton />} />
      <div className={classes.filters}>
        <SearchBox className={classes.search} labelText="Search by name" />
        <Choice
          label="State"
          value={group}
          onChange={setGroup}
          options={Object.entries(GROUPS).map(([key, { label }]) => [key, label])}
          control={{ className: classes.select }}
        />
        <Choice
          label="Template"
          value={template}
          onChange={setTemplate}
          options={[['', 'Any template'], ...templates.map((it): Option => [it, it])]}
          control={{ className: classes.select }}
        />
      </div>
      <WorkspacesList
        renderListItem={workspace =>
          isShown(workspace) && (
            <Item key={workspace.id} workspace={workspace}>
              {(workspace.entityRefs ?? []).length > 0 && (
                <Typography variant="body2" component="div">
                  Belongs to <Entities refs={workspace.entityRefs ?? []} />
                </Typography>
              )}
            </Item>
          )
        }
      />
      {all.length > 0 && shown === 0 && (
        <Placeholder
          callToAction={
            <Button
              onClick={() => {
                setGroup('all');
                setTemplate('');
              }}
            >
              Show all
            </Button>
          }
        >
          No workspace matches these filters.
        </Placeholder>
      )}
    </>
  );
}

/**
 * The page "Coder": all workspaces of the person and, where the portal's index shows others to the
 * person, everyone's.
 * @public
 */
export const CoderPage = withProvider(Inside, 'CoderPage');

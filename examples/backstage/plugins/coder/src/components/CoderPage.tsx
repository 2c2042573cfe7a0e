import { useId, useState } from 'react';
import { Content, Header, Page } from '@backstage/core-components';
import { EntityRefLinks } from '@backstage/plugin-catalog-react';
import Button from '@material-ui/core/Button';
import FormControl from '@material-ui/core/FormControl';
import InputLabel from '@material-ui/core/InputLabel';
import Select from '@material-ui/core/Select';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import type { CoderPerson, CoderWorkspace, CoderWorkspaceState } from '../api/wire';
import { useCoderQuery } from '../hooks/useCoderQuery';
import { CoderWorkspacesCardExtraActionsButton as ExtraActionsButton } from './card/ExtraActionsButton';
import { CoderWorkspacesCardHeaderRow as HeaderRow } from './card/HeaderRow';
import { CoderWorkspacesCardPlaceholder as Placeholder } from './card/Placeholder';
import { CoderWorkspacesCardRoot as Root, useWorkspacesCardContext } from './card/Root';
import { CoderWorkspacesCardSearchBox as SearchBox } from './card/SearchBox';
import { CoderWorkspacesCardWorkspacesList as WorkspacesList } from './card/WorkspacesList';
import { CoderWorkspacesCardWorkspacesListItem as Item } from './card/WorkspacesListItem';
import { withProvider } from './EnsureProvider';

const useStyles = makeStyles(theme => ({
  filters: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(2),
    margin: theme.spacing(2, 0),
  },
  search: { flex: '1 1 14rem' },
  select: { minWidth: '9rem', flex: '0 1 auto' },
  entities: { '& a': { textDecoration: 'underline' } },
}));

/** The groups of states that the page filters by. */
const GROUPS: Readonly<Record<string, { label: string; states?: readonly CoderWorkspaceState[] }>> =
  {
    all: { label: 'Any state' },
    running: { label: 'Running', states: ['online', 'pending', 'unhealthy'] },
    stopped: { label: 'Stopped', states: ['offline', 'stopping', 'dormant'] },
    failed: { label: 'With a problem', states: ['failed', 'unhealthy', 'unknown'] },
  };

function Inside() {
  const [owner, setOwner] = useState<'me' | 'everyone'>('me');
  const [text, setText] = useState('');
  const me = useCoderQuery<CoderPerson>({
    queryKey: ['me'],
    queryFn: ({ coderApi, signal }) => coderApi.getMe({ signal }),
  });
  const maySeeAll = me.data?.may.seeAllWorkspaces === true;
  const filter = owner === 'everyone' ? `owner:everyone ${text}` : text;
  return (
    <Page themeId="tool">
      <Header title="Coder" subtitle="Workspaces for the software of this portal" />
      <Content>
        <Root
          queryFilter={filter}
          onFilterChange={next => setText(next.replace(/^owner:everyone ?/, ''))}
        >
          <Workspaces owner={maySeeAll ? owner : undefined} onOwnerChange={setOwner} />
        </Root>
      </Content>
    </Page>
  );
}

function Workspaces(props: {
  /** `undefined` for a person who sees nobody else's. */
  owner: 'me' | 'everyone' | undefined;
  onOwnerChange: (owner: 'me' | 'everyone') => void;
}) {
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
        {props.owner && (
          <Choice
            label="Owner"
            value={props.owner}
            onChange={value => props.onOwnerChange(value === 'everyone' ? 'everyone' : 'me')}
            options={{ me: 'Me', everyone: 'Everyone' }}
          />
        )}
        <Choice
          label="State"
          value={group}
          onChange={setGroup}
          options={Object.fromEntries(
            Object.entries(GROUPS).map(([key, { label }]) => [key, label]),
          )}
        />
        <Choice
          label="Template"
          value={template}
          onChange={setTemplate}
          options={{ '': 'Any template', ...Object.fromEntries(templates.map(it => [it, it])) }}
        />
      </div>
      <WorkspacesList
        renderListItem={workspace =>
          isShown(workspace) && (
            <Item key={workspace.id} workspace={workspace}>
              <Entities refs={workspace.entityRefs ?? []} />
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

function Entities({ refs }: { refs: readonly string[] }) {
  const classes = useStyles();
  if (refs.length === 0) return null;
  return (
    <Typography variant="body2" component="div" className={classes.entities}>
      Belongs to <EntityRefLinks entityRefs={[...refs]} defaultKind="component" />
    </Typography>
  );
}

function Choice(props: {
  label: string;
  value: string;
  options: Readonly<Record<string, string>>;
  onChange: (value: string) => void;
}) {
  const classes = useStyles();
  const id = useId();
  return (
    <FormControl className={classes.select} variant="outlined" margin="dense">
      <InputLabel htmlFor={id} shrink>
        {props.label}
      </InputLabel>
      <Select
        native
        label={props.label}
        value={props.value}
        onChange={event => props.onChange(String(event.target.value))}
        inputProps={{ id }}
      >
        {Object.entries(props.options).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
    </FormControl>
  );
}

/**
 * The page "Coder": all workspaces of the person and, for those who may see them, everybody's.
 * @public
 */
export const CoderPage = withProvider(Inside, 'CoderPage');

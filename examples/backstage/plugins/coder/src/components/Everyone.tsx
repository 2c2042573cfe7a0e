import { useEffect, useId, useReducer, useState } from 'react';
import { configApiRef, useApi } from '@backstage/core-plugin-api';
import Button from '@material-ui/core/Button';
import Card from '@material-ui/core/Card';
import CardContent from '@material-ui/core/CardContent';
import CircularProgress from '@material-ui/core/CircularProgress';
import Link from '@material-ui/core/Link';
import Table from '@material-ui/core/Table';
import TableBody from '@material-ui/core/TableBody';
import TableCell from '@material-ui/core/TableCell';
import TableContainer from '@material-ui/core/TableContainer';
import TableHead from '@material-ui/core/TableHead';
import TableRow from '@material-ui/core/TableRow';
import TableSortLabel from '@material-ui/core/TableSortLabel';
import TextField from '@material-ui/core/TextField';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { isSignedOut } from '../api/CoderApi';
import type { CoderIndexFilter, CoderIndexItem, CoderIndexList } from '../api/everyone';
import type { CoderPerson } from '../api/wire';
import { useCoderMutation, useCoderQuery } from '../hooks/useCoderQuery';
import { SEARCH_PAUSE } from '../hooks/useSettled';
import { messageOf } from '../model/card';
import {
  EVERYONE,
  PAGE_SIZE,
  ago,
  everyoneView,
  optionsOf,
  type EveryoneStep,
  type EveryoneView,
} from '../model/everyone';
import { CoderWorkspacesCardPlaceholder as Placeholder } from './card/Placeholder';
import { sentence } from './card/WorkspacesList';
import { Choice } from './Choice';
import { Entities } from './Entities';
import { SignIn } from './SignIn';

const useStyles = makeStyles(theme => ({
  head: { display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), alignItems: 'center' },
  heading: { flex: '1 1 12rem' },
  filters: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(2),
    margin: theme.spacing(2, 0),
  },
  search: { flex: '1 1 14rem' },
  filter: { minWidth: '9rem', flex: '0 1 auto' },
  pages: {
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1),
    alignItems: 'center',
    marginTop: theme.spacing(1),
  },
  loading: { display: 'flex', justifyContent: 'center', padding: theme.spacing(3) },
}));

const FILTERS: readonly [filter: CoderIndexFilter, label: string, any: string][] = [
  ['owner', 'Owner', 'Any owner'],
  ['template', 'Template', 'Any template'],
  ['organization', 'Organization', 'Any organization'],
  ['status', 'Status', 'Any status'],
  ['entity', 'Entity', 'Any entity'],
];

const COLUMNS = [
  ['name', 'Workspace'],
  ['owner', 'Owner'],
  ['template', 'Template'],
  ['status', 'Status'],
  ['lastUsedAt', 'Last used'],
] as const;

/** Interval at which the index is asked anew, in milliseconds. The portal answers from its memory. */
const INTERVAL = 60_000;

/** Shows the workspaces of everybody that the person is shown: from the portal's index, with its age. */
export function Everyone({ person }: { person: CoderPerson }) {
  const classes = useStyles();
  const headingId = useId();
  const [view, step] = useReducer(everyoneView, EVERYONE);
  const query = useCoderQuery<CoderIndexList>({
    queryKey: ['index', view],
    queryFn: ({ coderApi, signal }) => coderApi.listIndex({ ...view, limit: PAGE_SIZE, signal }),
    keepPreviousData: true,
    // The first read of an index takes longer than an answer waits for it.
    refetchInterval: list => (list && !list.readAt ? 5_000 : INTERVAL),
  });
  if (isSignedOut(query.error)) {
    return <SignIn message="Sign in to Coder to see the workspaces of everyone." />;
  }
  const list = query.data;
  return (
    <Card role="region" aria-labelledby={headingId} data-coder-everyone={list ? 'ready' : 'empty'}>
      <CardContent>
        <div className={classes.head}>
          <Typography variant="h5" component="h2" id={headingId} className={classes.heading}>
            Workspaces of everyone
          </Typography>
          <Exports view={view} />
        </div>
        <Filters view={view} list={list} onStep={step} />
        {query.error ? (
          <div role="alert">
            <Typography>{sentence(messageOf(query.error))}</Typography>
            <Button variant="outlined" onClick={() => query.refetch()}>
              Try again
            </Button>
          </div>
        ) : null}
        {list && <Found list={list} view={view} person={person} onStep={step} />}
        {query.isLoading && (
          <div className={classes.loading}>
            <CircularProgress aria-label="Loading workspaces" />
          </div>
        )}
      </CardContent>
    </Card>
  );
}

function Found(props: {
  list: CoderIndexList;
  view: EveryoneView;
  person: CoderPerson;
  onStep: (step: EveryoneStep) => void;
}) {
  const { list, view, person, onStep } = props;
  return (
    <>
      <Typography variant="body2" role="status">
        {list.readAt
          ? `Read from Coder ${ago(list.readAt, Date.now())}.`
          : 'Being read from Coder.'}
        {list.partial && ' Workspaces may be missing.'}
      </Typography>
      {list.notices.map(notice => (
        <Typography key={notice} variant="body2">
          {sentence(notice)}
        </Typography>
      ))}
      {list.workspaces.length === 0 ? (
        <Placeholder
          callToAction={<Button onClick={() => onStep({ kind: 'cleared' })}>Show all</Button>}
        >
          No workspace matches these filters.
        </Placeholder>
      ) : (
        <Rows list={list} view={view} person={person} onStep={onStep} />
      )}
      <Pages view={view} count={list.count} onStep={onStep} />
    </>
  );
}

function Rows(props: {
  list: CoderIndexList;
  view: EveryoneView;
  person: CoderPerson;
  onStep: (step: EveryoneStep) => void;
}) {
  const { list, view, person, onStep } = props;
  const configured = useApi(configApiRef).getOptionalString('coder.deployment.accessUrl');
  const coder = (configured ?? person.deploymentUrl).replace(/\/+$/, '');
  const direction = view.order ?? 'asc';
  return (
    // A region that scrolls has to be reachable by keyboard.
    <TableContainer tabIndex={0} role="region" aria-label="Table of workspaces">
      <Table size="small">
        <TableHead>
          <TableRow>
            {COLUMNS.map(([sort, label]) => (
              <TableCell key={sort} sortDirection={view.sort === sort ? direction : false}>
                <TableSortLabel
                  active={view.sort === sort}
                  direction={view.sort === sort ? direction : 'asc'}
                  onClick={() => onStep({ kind: 'sorted', sort })}
                >
                  {label}
                </TableSortLabel>
              </TableCell>
            ))}
            <TableCell>Belongs to</TableCell>
          </TableRow>
        </TableHead>
        <TableBody>
          {list.workspaces.map(workspace => (
            <Row key={workspace.id} workspace={workspace} coder={coder} />
          ))}
        </TableBody>
      </Table>
    </TableContainer>
  );
}

function Row({ workspace, coder }: { workspace: CoderIndexItem; coder: string }) {
  const { name, owner, template, status, lastUsedAt, dormantAt, entityRefs } = workspace;
  const page = `${coder}/@${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
  return (
    <TableRow data-workspace={`${owner}/${name}`}>
      <TableCell component="th" scope="row">
        <Link href={page} target="_blank" rel="noopener noreferrer" underline="always">
          {name}
        </Link>
      </TableCell>
      <TableCell>{owner}</TableCell>
      <TableCell>{template}</TableCell>
      <TableCell>{dormantAt ? `${status}, dormant` : status}</TableCell>
      <TableCell>{lastUsedAt ? ago(lastUsedAt, Date.now()) : ''}</TableCell>
      <TableCell>
        <Entities refs={entityRefs} />
      </TableCell>
    </TableRow>
  );
}

function Filters(props: {
  view: EveryoneView;
  list: CoderIndexList | undefined;
  onStep: (step: EveryoneStep) => void;
}) {
  const { view, list, onStep } = props;
  const classes = useStyles();
  const searchId = useId();
  const asked = view.q ?? '';
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  useEffect(() => {
    if (text === asked) return undefined;
    const search = () => onStep({ kind: 'filtered', filter: 'q', value: text });
    const timer = setTimeout(search, SEARCH_PAUSE);
    return () => clearTimeout(timer);
  }, [text, asked, onStep]);
  return (
    <div className={classes.filters}>
      <TextField
        id={searchId}
        className={classes.search}
        label="Search by owner and name"
        margin="dense"
        variant="outlined"
        value={text}
        onChange={event => setText(event.target.value)}
      />
      {FILTERS.map(([filter, label, any]) => (
        <Choice
          key={filter}
          label={label}
          value={view[filter] ?? ''}
          options={[
            ...optionsOf(any, list?.facets[filter] ?? [], view[filter]),
            ...(filter === 'entity' && view.entity !== 'none'
              ? [['none', 'No entity'] as const]
              : []),
          ]}
          onChange={value => onStep({ kind: 'filtered', filter, value })}
          control={{ className: classes.filter }}
        />
      ))}
    </div>
  );
}

function Pages(props: { view: EveryoneView; count: number; onStep: (step: EveryoneStep) => void }) {
  const { view, count, onStep } = props;
  const classes = useStyles();
  const { offset } = view;
  const last = Math.min(offset + PAGE_SIZE, count);
  const turn = (to: number) => () => onStep({ kind: 'turned', offset: to });
  return (
    <nav className={classes.pages} aria-label="Pages">
      <Button size="small" disabled={offset === 0} onClick={turn(offset - PAGE_SIZE)}>
        Previous page
      </Button>
      <Typography variant="body2" role="status">
        {count === 0 ? 'None' : `${Math.min(offset + 1, count)} to ${last} of ${count}`}
      </Typography>
      <Button size="small" disabled={last >= count} onClick={turn(offset + PAGE_SIZE)}>
        Next page
      </Button>
    </nav>
  );
}

/** Offers all workspaces of the filters as files. A plain link would go without the person's token. */
function Exports({ view }: { view: EveryoneView }) {
  const saving = useCoderMutation<void, 'csv' | 'json'>({
    mutationFn: async (format, { coderApi }) => {
      const { offset: _, ...selection } = view;
      save(await coderApi.exportIndex(format, selection), `workspaces.${format}`);
    },
  });
  return (
    <>
      {(['csv', 'json'] as const).map(format => (
        <Button
          key={format}
          size="small"
          disabled={saving.isLoading}
          onClick={() => saving.mutate(format)}
        >
          Export as {format.toUpperCase()}
        </Button>
      ))}
      {saving.error ? (
        <Typography role="alert">{sentence(messageOf(saving.error))}</Typography>
      ) : null}
    </>
  );
}

/** Hands a file to the browser, which saves it. */
function save(file: Blob, name: string) {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url));
}

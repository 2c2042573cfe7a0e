import { useId, useReducer, useState, type FormEvent } from 'react';
import Button from '@material-ui/core/Button';
import Link from '@material-ui/core/Link';
import LinearProgress from '@material-ui/core/LinearProgress';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import type { CoderApi } from '../api/CoderApi';
import type { CoderChoices, CoderCreationForm, CoderOpenedWorkspace } from '../api/wire';
import { useLive } from '../hooks/useLive';
import type { CoderWorkspacesConfig } from '../hooks/useWorkspaces';
import { useCoderMutation, useCoderQuery } from '../hooks/useCoderQuery';
import { useSettled } from '../hooks/useSettled';
import { messageOf } from '../model/card';
import {
  firstChoices,
  joined,
  needsChoices,
  opening,
  type CoderOpening,
  type OpeningStep,
} from '../model/opening';
import { sentence } from './card/WorkspacesList';
import { CreationFields } from './CreationFields';

const useStyles = makeStyles(theme => ({
  panel: { width: '100%', marginTop: theme.spacing(1) },
  log: {
    maxHeight: '12rem',
    overflow: 'auto',
    margin: theme.spacing(1, 0),
    padding: theme.spacing(1),
    fontSize: '0.75rem',
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
    color: theme.palette.text.primary,
    border: `1px solid ${theme.palette.divider}`,
  },
}));

/**
 * The way of "Open in Coder" for an entity: what is shown, and what begins it.
 * @public
 */
export interface OpenInCoder {
  state: CoderOpening;
  /**
   * Takes a workspace that is there, else starts one, else makes one. Where a template has presets or needs
   * values, the person is asked for them before one is made.
   */
  open(): void;
  /** Goes on with what the person has chosen. */
  create(choices: CoderChoices): void;
  close(): void;
}

/**
 * Opens an entity in Coder, and follows the build.
 *
 * @param params - parameters of a new workspace, which win over those of the entity
 * @public
 */
export function useOpenInCoder(
  entityRef: string,
  params?: Readonly<Record<string, string>>,
): OpenInCoder {
  const [state, step] = useReducer(opening, { kind: 'idle' } as CoderOpening);
  const asking = useCoderMutation<CoderOpenedWorkspace | undefined, CoderChoices | undefined>({
    mutationFn: async (choices, { coderApi }) => {
      const form = choices ? undefined : await formToFill(coderApi, entityRef, params);
      if (!form) return coderApi.openWorkspace(entityRef, choices ?? { parameters: params });
      step({ kind: 'needed', form });
      return undefined;
    },
    onSuccess: opened => opened && step({ kind: 'answered', opened }),
    onError: error => step({ kind: 'refused', message: messageOf(error) }),
  });
  useLive(state.kind === 'building' ? state.id : '', event =>
    step({ kind: 'event', event } satisfies OpeningStep),
  );
  const begin = (choices?: CoderChoices) => {
    step({ kind: 'asked' });
    asking.mutate(choices);
  };
  return {
    state,
    open: () => begin(),
    create: choices =>
      begin(joined(params ?? {}, choices, state.kind === 'choosing' ? state.form : undefined)),
    close: () => step({ kind: 'closed' }),
  };
}

/** Reads the form for a new workspace, if one has to be made and that needs choices. */
async function formToFill(
  coderApi: CoderApi,
  entityRef: string,
  parameters: Readonly<Record<string, string>> | undefined,
): Promise<CoderCreationForm | undefined> {
  const { count } = await coderApi.listEntityWorkspaces(entityRef, { limit: 1 });
  if (count > 0) return undefined;
  const form = await coderApi.getCreationForm(entityRef, { parameters });
  return needsChoices(form) ? form : undefined;
}

/** The button that begins it. */
export function OpenInCoderButton({ open, state }: OpenInCoder) {
  const isBusy = state.kind === 'asking' || state.kind === 'building';
  return (
    <Button size="small" variant="contained" color="primary" disabled={isBusy} onClick={open}>
      Open in Coder
    </Button>
  );
}

const WORDS: Readonly<Record<CoderOpenedWorkspace['outcome'], string>> = {
  found: 'Found',
  joined: 'Waiting for',
  started: 'Starting',
  created: 'Creating',
};

/** The progress with the log, and at last the way in or the reason why there is none. */
export function OpenInCoderProgress(
  props: OpenInCoder & {
    config: CoderWorkspacesConfig;
  },
) {
  const { state, open, close } = props;
  const classes = useStyles();
  switch (state.kind) {
    case 'idle':
      return null;
    case 'asking':
      return (
        <div className={classes.panel} role="status">
          <Typography>Looking for a workspace…</Typography>
          <LinearProgress aria-label="Looking for a workspace" />
        </div>
      );
    case 'choosing':
      return <Choosing {...props} form={state.form} />;
    case 'building':
      return (
        <div className={classes.panel}>
          <Typography role="status">
            {WORDS[state.outcome]} {state.name}: {state.label}
          </Typography>
          {state.problem && <Typography>{sentence(state.problem)}</Typography>}
          <LinearProgress aria-label={`${state.name} is getting ready`} />
          {state.lines.length > 0 && (
            // A region that scrolls has to be reachable by keyboard.
            // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
            <pre className={classes.log} tabIndex={0} role="region" aria-label="Log of the build">
              {state.lines.map(({ text }) => `${text}\n`).join('')}
            </pre>
          )}
        </div>
      );
    case 'ready':
      return (
        <div className={classes.panel}>
          <Typography role="status">{state.name} is ready.</Typography>
          <Button
            variant="contained"
            color="primary"
            component="a"
            href={state.dashboard}
            target="_blank"
            rel="noopener noreferrer"
          >
            Open {state.name}
          </Button>
          <Button onClick={close}>Close</Button>
        </div>
      );
    case 'failed':
      return (
        <div className={classes.panel}>
          <Typography role="alert">{sentence(state.message)}</Typography>
          <Button onClick={open}>Try again</Button>
          {state.dashboard && (
            <Button component="a" href={state.dashboard} target="_blank" rel="noopener noreferrer">
              See it in Coder
            </Button>
          )}
          <Button onClick={close}>Close</Button>
        </div>
      );
    default:
      return state satisfies never;
  }
}

function Choosing(props: {
  config: CoderWorkspacesConfig;
  form: CoderCreationForm;
  create: (choices: CoderChoices) => void;
  close: () => void;
}) {
  const { form: first, create, close } = props;
  const { entityRef = '', params, repoUrlParamKeys } = props.config;
  const classes = useStyles();
  const headingId = useId();
  const [choices, setChoices] = useState(() => firstChoices(first));
  const settled = useSettled(choices);
  const query = useCoderQuery<CoderCreationForm>({
    queryKey: ['form', entityRef, settled],
    queryFn: ({ coderApi, signal }) =>
      coderApi.getCreationForm(entityRef, joined(params, settled, first), { signal }),
    keepPreviousData: true,
    // Values may be secret, and those of half a word are of no use.
    cacheTime: 0,
  });
  const form = query.data ?? first;
  const isRefused = form.problems.length > 0 || form.missingAccounts.length > 0;
  const isAsking = settled !== choices || query.isPreviousData || query.isFetching;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create(choices);
  };
  return (
    <form className={classes.panel} onSubmit={submit} aria-labelledby={headingId}>
      <Typography id={headingId} variant="subtitle1" component="h3">
        New workspace of {form.templateDisplayName || form.templateName}
      </Typography>
      <CreationFields
        form={form}
        choices={choices}
        without={[...repoUrlParamKeys, ...Object.keys(params)]}
        onChange={setChoices}
      />
      {form.missingAccounts.map(({ name, url }) => (
        <Typography key={url} role="alert">
          Link your account first:{' '}
          <Link href={url} target="_blank" rel="noopener noreferrer" underline="always">
            {name}
          </Link>
        </Typography>
      ))}
      {query.error ? (
        <Typography role="alert">{sentence(messageOf(query.error))}</Typography>
      ) : null}
      <Button type="submit" variant="contained" color="primary" disabled={isRefused || isAsking}>
        Create and open
      </Button>
      <Button onClick={close}>Cancel</Button>
    </form>
  );
}

import { useReducer } from 'react';
import Button from '@material-ui/core/Button';
import LinearProgress from '@material-ui/core/LinearProgress';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import type { CoderOpenedWorkspace } from '../api/wire';
import { useLive } from '../hooks/useLive';
import { useCoderMutation } from '../hooks/useCoderQuery';
import { messageOf } from '../model/card';
import { opening, type CoderOpening, type OpeningStep } from '../model/opening';
import { sentence } from './card/WorkspacesList';

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
  /** Takes a workspace that is there, else starts or makes one. */
  open(): void;
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
  const asking = useCoderMutation<CoderOpenedWorkspace>({
    mutationFn: (_, { coderApi }) => coderApi.openWorkspace(entityRef, { parameters: params }),
    onSuccess: opened => step({ kind: 'answered', opened }),
    onError: error => step({ kind: 'refused', message: messageOf(error) }),
  });
  useLive(state.kind === 'building' ? state.id : '', event =>
    step({ kind: 'event', event } satisfies OpeningStep),
  );
  return {
    state,
    open: () => {
      step({ kind: 'asked' });
      asking.mutate();
    },
    close: () => step({ kind: 'closed' }),
  };
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
export function OpenInCoderProgress({ state, open, close }: OpenInCoder) {
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

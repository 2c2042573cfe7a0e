import { useEffect, useState } from 'react';
import Button from '@material-ui/core/Button';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { useCoderContext } from '../hooks/context';
import { useCoderAuth } from '../hooks/useCoderAuth';
import { LinkToken } from './LinkToken';

const useStyles = makeStyles(theme => ({
  root: { display: 'flex', flexDirection: 'column', gap: theme.spacing(2), alignItems: 'start' },
}));

/** Offers the sign-in with Coder and, where people may link a token, the form for it. */
export function SignIn({ message, isFloating = false }: { message: string; isFloating?: boolean }) {
  const classes = useStyles();
  const { signIn, canSignIn } = useCoderAuth();
  const [failure, setFailure] = useState<string>();
  const registerSignIn = useCoderContext()?.registerSignIn;
  // The floating one goes when another is on the screen, so it does not count itself.
  useEffect(() => (isFloating ? undefined : registerSignIn?.()), [isFloating, registerSignIn]);
  const start = () => {
    setFailure(undefined);
    signIn().catch(error => setFailure(failureOf(error)));
  };
  return (
    <div className={classes.root}>
      <Typography>{message}</Typography>
      {canSignIn && (
        <Button variant="contained" color="primary" onClick={start}>
          Sign in to Coder
        </Button>
      )}
      {failure && <Typography role="alert">{failure}</Typography>}
      <LinkToken isOptional />
    </div>
  );
}

/** Returns the text of a login that failed: the portal's own, which says what to do. */
export function failureOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /popup was closed/i.test(message)
    ? 'The window was closed before the sign-in was done.'
    : message;
}

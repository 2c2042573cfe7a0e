import { useId, useState, type FormEvent } from 'react';
import Button from '@material-ui/core/Button';
import Link from '@material-ui/core/Link';
import TextField from '@material-ui/core/TextField';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { useQueryClient } from '@tanstack/react-query';
import type { CoderLinkedToken } from '../api/wire';
import { CoderQueryContext } from '../hooks/context';
import { forgetUnseen, useCoderMutation, useCoderQuery } from '../hooks/useCoderQuery';
import { messageOf } from '../model/card';

const useStyles = makeStyles(theme => ({
  form: { display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), alignItems: 'center' },
  field: { flex: '1 1 12rem', maxWidth: '24rem' },
}));

/**
 * Shows the Coder token that the person has linked, and links, replaces and unlinks it. The token goes to
 * the portal and is not kept in the browser.
 */
export function LinkToken({ isOptional = false }: { isOptional?: boolean }) {
  const classes = useStyles();
  const fieldId = useId();
  const client = useQueryClient({ context: CoderQueryContext });
  const [token, setToken] = useState('');
  const link = useCoderQuery<CoderLinkedToken>({
    queryKey: ['link'],
    queryFn: ({ coderApi }) => coderApi.getLink(),
    retry: false,
    staleTime: 60_000,
  });
  const linking = useCoderMutation<CoderLinkedToken, string>({
    mutationFn: (value, { coderApi }) => coderApi.link(value),
    onSuccess: () => {
      setToken('');
      forgetUnseen(client);
    },
  });
  const unlinking = useCoderMutation({
    mutationFn: (_, { coderApi }) => coderApi.unlink(),
    onSuccess: () => forgetUnseen(client),
  });
  if (!link.data) {
    // Without an identity in Backstage there is nobody to link a token to.
    if (isOptional || link.isLoading) return null;
    return <Typography>{messageOf(link.error)}</Typography>;
  }
  const { tokenUrl, username } = link.data;
  const failure = linking.error ?? unlinking.error;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    linking.mutate(token.trim());
  };
  return (
    <section aria-label="Linked Coder token">
      <Typography>
        {username ? `A token of ${username} is linked. ` : 'Or link a token of Coder: '}
        <Link href={tokenUrl} target="_blank" rel="noopener noreferrer" underline="always">
          get one at Coder
        </Link>
        {username ? ' to replace it.' : ', and paste it here.'}
      </Typography>
      <form className={classes.form} onSubmit={submit}>
        <TextField
          className={classes.field}
          id={fieldId}
          label="Token of Coder"
          type="password"
          autoComplete="off"
          margin="dense"
          variant="outlined"
          value={token}
          onChange={event => setToken(event.target.value)}
        />
        <Button type="submit" variant="outlined" disabled={!token.trim() || linking.isLoading}>
          {username ? 'Replace' : 'Link'}
        </Button>
        {username && (
          <Button onClick={() => unlinking.mutate()} disabled={unlinking.isLoading}>
            Unlink
          </Button>
        )}
      </form>
      {failure ? <Typography role="alert">{messageOf(failure)}</Typography> : null}
    </section>
  );
}

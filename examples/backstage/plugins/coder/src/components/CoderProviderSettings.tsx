import { configApiRef, useApi } from '@backstage/core-plugin-api';
import { DefaultProviderSettings } from '@backstage/plugin-user-settings';
import Button from '@material-ui/core/Button';
import List from '@material-ui/core/List';
import ListItem from '@material-ui/core/ListItem';
import ListItemIcon from '@material-ui/core/ListItemIcon';
import Typography from '@material-ui/core/Typography';
import { makeStyles } from '@material-ui/core/styles';
import { isSignedOut } from '../api/CoderApi';
import type { CoderPerson } from '../api/wire';
import { useCoderAuth } from '../hooks/useCoderAuth';
import { useCoderMutation, useCoderQuery } from '../hooks/useCoderQuery';
import { messageOf } from '../model/card';
import { sentence } from './card/WorkspacesList';
import { CoderIcon } from './CoderIcon';
import { withProvider } from './EnsureProvider';
import { LinkToken } from './LinkToken';
import { SignIn } from './SignIn';

const useStyles = makeStyles(theme => ({
  row: { alignItems: 'flex-start', flexWrap: 'wrap', gap: theme.spacing(1) },
  text: { flex: '1 1 14rem', minWidth: 0 },
}));

function Inside() {
  const classes = useStyles();
  const { signOut } = useCoderAuth();
  const me = useCoderQuery<CoderPerson>({
    queryKey: ['me'],
    queryFn: ({ coderApi, signal }) => coderApi.getMe({ signal }),
  });
  const disconnecting = useCoderMutation({ mutationFn: signOut });
  const person = isSignedOut(me.error) ? undefined : me.data;
  return (
    <List dense>
      <ListItem className={classes.row} data-coder-settings={person ? 'connected' : 'disconnected'}>
        <ListItemIcon>
          <CoderIcon />
        </ListItemIcon>
        <div className={classes.text}>
          <Typography component="p" variant="subtitle1">
            Coder
          </Typography>
          {person && (
            <Typography>
              Connected as {person.username} at {person.deploymentUrl}
            </Typography>
          )}
          {isSignedOut(me.error) && <SignIn message="You are not signed in to Coder." />}
          {me.error && !isSignedOut(me.error) ? (
            <Typography role="alert">{sentence(messageOf(me.error))}</Typography>
          ) : null}
          {disconnecting.error ? (
            <Typography role="alert">{sentence(messageOf(disconnecting.error))}</Typography>
          ) : null}
          {person && <LinkToken isOptional />}
        </div>
        {person && (
          <Button
            variant="outlined"
            color="primary"
            disabled={disconnecting.isLoading}
            onClick={() => disconnecting.mutate()}
          >
            Disconnect
          </Button>
        )}
      </ListItem>
    </List>
  );
}

/** The rows of the other providers, as the settings show them where nobody gives them rows. */
function Others() {
  const providers = useApi(configApiRef).getOptionalConfig('auth.providers')?.keys() ?? [];
  const others = providers.filter(id => id !== 'coder');
  return others.length > 0 ? <DefaultProviderSettings configuredProviders={others} /> : null;
}

/**
 * The rows of the settings: Coder's with the connected account, ending the connection, and a linked token; below it
 * those of the app's other providers.
 * @public
 */
export const CoderProviderSettings = withProvider(
  () => (
    <>
      <Inside />
      <Others />
    </>
  ),
  'CoderProviderSettings',
);

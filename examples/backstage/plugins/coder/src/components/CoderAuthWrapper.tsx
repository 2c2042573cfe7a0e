import type { ReactNode } from 'react';
import type { CoderPerson } from '../api/wire';
import { isSignedOut } from '../api/CoderApi';
import { useCoderQuery } from '../hooks/useCoderQuery';
import { messageOf } from '../model/card';
import Typography from '@material-ui/core/Typography';
import { withProvider } from './EnsureProvider';
import { SignIn } from './SignIn';

function Inside({ children }: { children?: ReactNode; type?: 'card' }) {
  const me = useCoderQuery<CoderPerson>({
    queryKey: ['me'],
    queryFn: ({ coderApi, signal }) => coderApi.getMe({ signal }),
  });
  // What was read before the session ended is not left on the screen.
  if (isSignedOut(me.error)) return <SignIn message="Sign in to Coder to see this." />;
  if (me.data) return <>{children}</>;
  if (me.error) return <Typography role="alert">{messageOf(me.error)}</Typography>;
  return null;
}

/**
 * Shows its children to people who are signed in to Coder, and the sign-in to others.
 * @public
 */
export const CoderAuthWrapper = withProvider(Inside, 'CoderAuthWrapper');

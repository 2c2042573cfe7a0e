import { useApi, discoveryApiRef, fetchApiRef } from '@backstage/core-plugin-api';
import Avatar from '@material-ui/core/Avatar';
import { makeStyles } from '@material-ui/core/styles';
import { useCoderQuery } from '../../hooks/useCoderQuery';

/** The greatest size of an icon, in bytes. */
const LARGEST = 1024 * 1024;

const useStyles = makeStyles(theme => ({
  icon: {
    color: theme.palette.text.primary,
    backgroundColor:
      theme.palette.type === 'dark' ? theme.palette.grey[800] : theme.palette.grey[200],
  },
}));

/**
 * Properties of {@link CoderWorkspacesCardWorkspacesListIcon}.
 * @public
 */
export interface WorkspacesListIconProps {
  /** Icon as Coder has it: a path of the deployment, a URL, or empty. */
  src: string;
  workspaceName: string;
}

/**
 * The icon of a workspace's template, or the first letter of the workspace's name.
 *
 * Icons come through the portal's proxy. A host that a template names gets no request of the browser, and
 * so no credential.
 * @public
 */
export function CoderWorkspacesCardWorkspacesListIcon(props: WorkspacesListIconProps) {
  const { src, workspaceName } = props;
  const classes = useStyles();
  const discoveryApi = useApi(discoveryApiRef);
  const fetchApi = useApi(fetchApiRef);
  const icon = useCoderQuery<string>({
    queryKey: ['icon', src],
    queryFn: async ({ signal }) => {
      const base = await discoveryApi.getBaseUrl('proxy');
      const headers = { 'X-Requested-With': 'XMLHttpRequest' };
      const url = iconUrl(`${base}/coder`, src);
      if (url === undefined) return '';
      const response = await fetchApi.fetch(url, { headers, credentials: 'include', signal });
      const blob = await response.blob();
      const isPicture = response.ok && blob.type.startsWith('image/') && blob.size <= LARGEST;
      return isPicture ? dataUrl(blob) : '';
    },
    enabled: src !== '',
    retry: false,
    staleTime: Infinity,
  });
  return (
    <Avatar
      className={classes.icon}
      variant="rounded"
      src={icon.data || undefined}
      imgProps={{ alt: '' }}
      aria-hidden
    >
      {letterOf(workspaceName)}
    </Avatar>
  );
}

/**
 * Returns the URL of an icon below the proxy; `undefined` for a path that leads anywhere else. Whoever makes
 * templates writes it, and the request has the credentials of who looks at the page.
 *
 * @param proxy - the URL of Coder at the portal's proxy
 */
export function iconUrl(proxy: string, src: string): string | undefined {
  const isOfDeployment = src.startsWith('/') && !src.startsWith('//');
  if (!isOfDeployment) return `${proxy}/icon?url=${encodeURIComponent(src)}`;
  const url = new URL(proxy + src);
  const root = new URL(proxy).pathname;
  const isIcon = ['icon', 'emojis'].some(it => url.pathname.startsWith(`${root}/${it}/`));
  // A server on the way may read these as slashes.
  return isIcon && !/\\|%2f|%5c/i.test(src) ? url.href : undefined;
}

/** Returns the letter that stands in for a missing icon: the first of A to Z in a name, else `W`. */
export function letterOf(name: string): string {
  return (/[a-z]/i.exec(name)?.[0] ?? 'W').toUpperCase();
}

/** Reads a picture into a URL that every content security policy of Backstage lets through. */
function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

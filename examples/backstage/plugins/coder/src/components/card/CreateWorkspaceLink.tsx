import Button from '@material-ui/core/Button';
import Tooltip, { type TooltipProps } from '@material-ui/core/Tooltip';
import { useWorkspacesCardContext } from './Root';

/**
 * Properties of {@link CoderWorkspacesCardCreateWorkspaceLink}.
 * @public
 */
export interface CreateWorkspaceLinkProps {
  tooltipText?: string;
  tooltipProps?: Omit<TooltipProps, 'children' | 'title'>;
  className?: string;
}

/**
 * The link to Coder's form for a new workspace, with the fields filled in. It shows nothing when nobody
 * names a template.
 * @public
 */
export function CoderWorkspacesCardCreateWorkspaceLink(props: CreateWorkspaceLinkProps) {
  const { tooltipText = 'Add a new workspace in Coder (link opens in new tab)' } = props;
  const { creationUrl } = useWorkspacesCardContext().workspacesConfig;
  if (creationUrl === undefined) return null;
  return (
    <Tooltip title={tooltipText} {...props.tooltipProps}>
      <Button
        className={props.className}
        size="small"
        component="a"
        href={creationUrl}
        target="_blank"
        rel="noopener noreferrer"
      >
        New workspace
      </Button>
    </Tooltip>
  );
}

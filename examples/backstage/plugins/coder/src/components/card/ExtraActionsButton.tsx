import { useId, useState } from 'react';
import IconButton from '@material-ui/core/IconButton';
import Menu, { type MenuProps } from '@material-ui/core/Menu';
import MenuItem from '@material-ui/core/MenuItem';
import Typography from '@material-ui/core/Typography';
import MoreVertIcon from '@material-ui/icons/MoreVert';
import { useCoderAuth } from '../../hooks/useCoderAuth';
import { useCoderMutation } from '../../hooks/useCoderQuery';
import { messageOf } from '../../model/card';
import { ConfirmDialog } from '../ConfirmDialog';
import { useWorkspacesCardContext } from './Root';
import { sentence } from './WorkspacesList';

/**
 * Properties of {@link CoderWorkspacesCardExtraActionsButton}.
 * @public
 */
export interface ExtraActionsButtonProps {
  tooltipText?: string;
  className?: string;
  onClose?: MenuProps['onClose'];
}

/**
 * The menu of the card: reading the list anew, and ending the connection to Coder.
 * @public
 */
export function CoderWorkspacesCardExtraActionsButton(props: ExtraActionsButtonProps) {
  const { tooltipText = 'See additional workspace actions', className, onClose } = props;
  const [anchor, setAnchor] = useState<HTMLElement>();
  const [isAsking, setIsAsking] = useState(false);
  const { workspacesQuery } = useWorkspacesCardContext();
  const { signOut } = useCoderAuth();
  const id = useId();
  const unlinking = useCoderMutation({ mutationFn: signOut });
  const close: MenuProps['onClose'] = (event, reason) => {
    setAnchor(undefined);
    onClose?.(event, reason);
  };
  const choose = (action: () => void) => () => {
    setAnchor(undefined);
    action();
  };
  return (
    <>
      <IconButton
        className={className}
        size="small"
        title={tooltipText}
        aria-label={tooltipText}
        aria-haspopup="menu"
        aria-controls={anchor ? id : undefined}
        aria-expanded={anchor !== undefined}
        onClick={event => setAnchor(event.currentTarget)}
      >
        <MoreVertIcon fontSize="small" />
      </IconButton>
      <Menu id={id} anchorEl={anchor} open={anchor !== undefined} onClose={close}>
        <MenuItem onClick={choose(() => workspacesQuery.refetch())}>
          Refresh workspaces list
        </MenuItem>
        <MenuItem onClick={choose(() => setIsAsking(true))}>Unlink Coder account</MenuItem>
      </Menu>
      {isAsking && (
        <ConfirmDialog
          title="Unlink your Coder account?"
          text="Your session at Coder ends, and the portal deletes your linked token. If you signed in to Backstage with Coder, you are signed out of Backstage as well."
          button="Unlink"
          onClose={() => setIsAsking(false)}
          onConfirm={() => {
            setIsAsking(false);
            unlinking.mutate();
          }}
        />
      )}
      {unlinking.error ? (
        <Typography role="alert">{sentence(messageOf(unlinking.error))}</Typography>
      ) : null}
    </>
  );
}

import { useId, useState, type MouseEvent } from 'react';
import Button from '@material-ui/core/Button';
import IconButton from '@material-ui/core/IconButton';
import Menu from '@material-ui/core/Menu';
import MenuItem from '@material-ui/core/MenuItem';
import MoreVertIcon from '@material-ui/icons/MoreVert';
import type { Offered, Way } from '../model/actions';

/** Lists the terminals, editors and apps of a workspace. It shows nothing when there are none. */
export function WaysMenu({ name, ways }: { name: string; ways: readonly Way[] }) {
  const [anchor, setAnchor] = useState<HTMLElement>();
  const id = useId();
  const close = () => setAnchor(undefined);
  if (ways.length === 0) return null;
  return (
    <>
      <Button
        size="small"
        aria-haspopup="menu"
        aria-controls={anchor ? id : undefined}
        aria-expanded={anchor !== undefined}
        aria-label={`Open with, for ${name}`}
        onClick={(event: MouseEvent<HTMLElement>) => setAnchor(event.currentTarget)}
      >
        Open with
      </Button>
      <Menu id={id} anchorEl={anchor} open={anchor !== undefined} onClose={close}>
        {ways.map(({ label, url }) => (
          <MenuItem
            key={`${label} ${url}`}
            component="a"
            href={url}
            target="_blank"
            rel="noopener noreferrer"
            onClick={close}
          >
            {label}
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}

/** Lists what a person can do with a workspace. */
export function ActionsMenu(props: {
  name: string;
  offered: readonly Offered[];
  isBusy: boolean;
  onChoose: (choice: Offered) => void;
}) {
  const { name, offered, isBusy, onChoose } = props;
  const [anchor, setAnchor] = useState<HTMLElement>();
  const id = useId();
  if (offered.length === 0) return null;
  const choose = (choice: Offered) => {
    setAnchor(undefined);
    onChoose(choice);
  };
  return (
    <>
      <IconButton
        size="small"
        disabled={isBusy}
        aria-haspopup="menu"
        aria-controls={anchor ? id : undefined}
        aria-expanded={anchor !== undefined}
        aria-label={`Actions for ${name}`}
        onClick={event => setAnchor(event.currentTarget)}
      >
        <MoreVertIcon fontSize="small" />
      </IconButton>
      <Menu
        id={id}
        anchorEl={anchor}
        open={anchor !== undefined}
        onClose={() => setAnchor(undefined)}
      >
        {offered.map(choice => (
          <MenuItem key={choice.label} onClick={() => choose(choice)}>
            {choice.label}
          </MenuItem>
        ))}
      </Menu>
    </>
  );
}

import { useEffect, useId, useState } from 'react';
import IconButton from '@material-ui/core/IconButton';
import InputAdornment from '@material-ui/core/InputAdornment';
import TextField from '@material-ui/core/TextField';
import ClearIcon from '@material-ui/icons/Clear';
import { SEARCH_PAUSE } from '../../hooks/useSettled';
import { useWorkspacesCardContext } from './Root';

/**
 * Properties of {@link CoderWorkspacesCardSearchBox}.
 * @public
 */
export interface SearchBoxProps {
  labelText?: string;
  className?: string;
}

/**
 * The search box of the card: a part of a workspace's name.
 * @public
 */
export function CoderWorkspacesCardSearchBox(props: SearchBoxProps) {
  const { labelText = 'Search your Coder workspaces', className } = props;
  const { queryFilter, onFilterChange } = useWorkspacesCardContext();
  const [text, setText] = useState(queryFilter);
  const id = useId();
  useEffect(() => setText(queryFilter), [queryFilter]);
  useEffect(() => {
    if (text === queryFilter) return undefined;
    const timer = setTimeout(() => onFilterChange(text), SEARCH_PAUSE);
    return () => clearTimeout(timer);
  }, [text, queryFilter, onFilterChange]);
  const clear = (
    <InputAdornment position="end">
      <IconButton size="small" aria-label="Clear the search" onClick={() => onFilterChange('')}>
        <ClearIcon fontSize="small" />
      </IconButton>
    </InputAdornment>
  );
  return (
    <TextField
      className={className}
      id={id}
      label={labelText}
      fullWidth
      margin="dense"
      variant="outlined"
      value={text}
      onChange={event => setText(event.target.value)}
      InputProps={{ endAdornment: text === '' ? undefined : clear }}
    />
  );
}

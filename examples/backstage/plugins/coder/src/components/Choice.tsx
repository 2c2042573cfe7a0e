import { useId } from 'react';
import FormControl, { type FormControlProps } from '@material-ui/core/FormControl';
import InputLabel from '@material-ui/core/InputLabel';
import Select from '@material-ui/core/Select';

/** An option of a {@link Choice}. */
export type Option = readonly [value: string, label: string];

/** Lets people choose one of several values. */
export function Choice(props: {
  label: string;
  value: string;
  options: readonly Option[];
  onChange: (value: string) => void;
  control?: Pick<FormControlProps, 'className' | 'disabled' | 'fullWidth'>;
}) {
  const id = useId();
  return (
    <FormControl variant="outlined" margin="dense" {...props.control}>
      <InputLabel htmlFor={id} shrink>
        {props.label}
      </InputLabel>
      <Select
        native
        label={props.label}
        value={props.value}
        onChange={event => props.onChange(String(event.target.value))}
        inputProps={{ id }}
      >
        {props.options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
    </FormControl>
  );
}

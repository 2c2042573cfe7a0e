import { useId } from 'react';
import TextField from '@material-ui/core/TextField';
import Typography from '@material-ui/core/Typography';
import type { CoderChoices, CoderCreationForm, CoderParameter } from '../api/wire';
import { sentence } from './card/WorkspacesList';
import { Choice, type Option } from './Choice';

/** Asks for the preset and the parameters of a new workspace, and tells what is wrong with them. */
export function CreationFields(props: {
  form: CoderCreationForm | undefined;
  choices: CoderChoices;
  /** The parameters that nobody is asked for. */
  without?: readonly string[];
  isDisabled?: boolean;
  onChange: (choices: CoderChoices) => void;
}) {
  const { form, choices, without = [], isDisabled, onChange } = props;
  if (!form) return null;
  const { preset, parameters = {} } = choices;
  const asked = form.parameters.filter(({ name }) => !without.includes(name));
  return (
    <>
      {form.presets.length > 0 && (
        <Choice
          label="Preset"
          value={preset ?? ''}
          control={{ disabled: isDisabled, fullWidth: true }}
          onChange={name => onChange({ preset: name || undefined, parameters: {} })}
          options={[['', 'None'], ...form.presets.map((it): Option => [it.name, it.name])]}
        />
      )}
      {asked.map(parameter => (
        <Parameter
          key={parameter.name}
          parameter={parameter}
          value={parameters[parameter.name] ?? parameter.value ?? ''}
          isDisabled={isDisabled}
          onChange={value =>
            onChange({ preset, parameters: { ...parameters, [parameter.name]: value } })
          }
        />
      ))}
      {form.problems.map(({ name, problem }) => (
        <Typography key={`${name} ${problem}`} role="alert">
          {sentence([name, problem].filter(Boolean).join(': '))}
        </Typography>
      ))}
    </>
  );
}

function Parameter(props: {
  parameter: CoderParameter;
  value: string;
  isDisabled: boolean | undefined;
  onChange: (value: string) => void;
}) {
  const { parameter, value, isDisabled, onChange } = props;
  const id = useId();
  const label = parameter.displayName || parameter.name;
  const control = { disabled: isDisabled, fullWidth: true };
  const known = optionsOf(parameter);
  if (known.length > 0) {
    // A browser shows the first option where none is chosen, and does not let people choose it.
    const isChosen = known.some(([it]) => it === value);
    const options = isChosen ? known : [['', 'Choose a value'] as const, ...known];
    return <Choice {...{ label, value: isChosen ? value : '', control, onChange, options }} />;
  }
  return (
    <TextField
      id={id}
      label={label}
      helperText={parameter.description}
      type={parameter.type === 'number' ? 'number' : 'text'}
      inputProps={{ min: parameter.min ?? undefined, max: parameter.max ?? undefined }}
      required={parameter.required}
      disabled={isDisabled}
      fullWidth
      margin="dense"
      variant="outlined"
      value={value}
      onChange={event => onChange(event.target.value)}
    />
  );
}

function optionsOf({ options, type }: CoderParameter): readonly Option[] {
  if (options.length > 0) return options.map(it => [it.value, it.name || it.value]);
  if (type !== 'bool') return [];
  return [
    ['true', 'Yes'],
    ['false', 'No'],
  ];
}

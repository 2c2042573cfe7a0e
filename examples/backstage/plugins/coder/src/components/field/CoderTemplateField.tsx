import { useEffect, useId } from 'react';
import FormControl from '@material-ui/core/FormControl';
import InputLabel from '@material-ui/core/InputLabel';
import Select from '@material-ui/core/Select';
import TextField from '@material-ui/core/TextField';
import Typography from '@material-ui/core/Typography';
import { isSignedOut } from '../../api/CoderApi';
import type { CoderCreationForm, CoderParameter, CoderTemplateList } from '../../api/wire';
import { useCoderQuery } from '../../hooks/useCoderQuery';
import { messageOf } from '../../model/card';
import { sentence } from '../card/WorkspacesList';
import { withProvider } from '../EnsureProvider';
import { SignIn } from '../SignIn';
import type { CoderTemplateFieldProps, CoderTemplateValue } from './schema';

const NOTHING: CoderTemplateValue = { template: '', parameters: {} };

function Inside(props: CoderTemplateFieldProps) {
  const { onChange, formData = NOTHING, uiSchema, schema, disabled } = props;
  const fixed = uiSchema?.['ui:options']?.template;
  const templates = useCoderQuery<CoderTemplateList>({
    queryKey: ['templates'],
    queryFn: ({ coderApi }) => coderApi.listTemplates(),
  });
  const known = templates.data?.templates ?? [];
  const chosen = known.find(it =>
    [it.name, `${it.organization}/${it.name}`].includes(fixed ?? formData.template),
  );
  const { preset, parameters } = formData;
  const form = useCoderQuery<CoderCreationForm>({
    queryKey: ['templateForm', chosen?.id ?? null, preset ?? null, parameters],
    queryFn: ({ coderApi }) => coderApi.getTemplateForm(chosen!.id, { preset, parameters }),
    enabled: chosen !== undefined,
    keepPreviousData: true,
  });
  const isUnset = formData.template === '';
  useEffect(() => {
    if (fixed && chosen && isUnset) onChange({ template: fixed, parameters: {} });
  }, [fixed, chosen, isUnset, onChange]);
  if (isSignedOut(templates.error))
    return <SignIn message="Sign in to Coder to choose a template." />;
  const failure = templates.error ?? form.error;
  return (
    <>
      <Typography component="h3" variant="subtitle1">
        {schema.title ?? 'Template of Coder'}
      </Typography>
      {!fixed && (
        <Choice
          label="Template"
          value={formData.template}
          isDisabled={disabled}
          onChange={template => onChange({ template, parameters: {} })}
          options={[
            ['', 'Choose a template'],
            ...known.map((it): Option => [
              `${it.organization}/${it.name}`,
              it.displayName || it.name,
            ]),
          ]}
        />
      )}
      {(form.data?.presets.length ?? 0) > 0 && (
        <Choice
          label="Preset"
          value={preset ?? ''}
          isDisabled={disabled}
          onChange={name => onChange({ ...formData, preset: name || undefined, parameters: {} })}
          options={[['', 'None'], ...form.data!.presets.map((it): Option => [it.name, it.name])]}
        />
      )}
      {form.data?.parameters.map(parameter => (
        <Parameter
          key={parameter.name}
          parameter={parameter}
          value={parameters[parameter.name] ?? parameter.value ?? ''}
          isDisabled={disabled}
          onChange={value =>
            onChange({ ...formData, parameters: { ...parameters, [parameter.name]: value } })
          }
        />
      ))}
      {form.data?.problems.map(({ name, problem }) => (
        <Typography key={`${name} ${problem}`} role="alert">
          {sentence([name, problem].filter(Boolean).join(': '))}
        </Typography>
      ))}
      {failure ? <Typography role="alert">{sentence(messageOf(failure))}</Typography> : null}
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
  if (parameter.options.length > 0) {
    const options = parameter.options.map((it): Option => [it.value, it.name || it.value]);
    return <Choice {...{ label, value, isDisabled, onChange, options }} />;
  }
  if (parameter.type === 'bool') {
    const options: Option[] = [
      ['true', 'Yes'],
      ['false', 'No'],
    ];
    return <Choice {...{ label, value, isDisabled, onChange, options }} />;
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

type Option = readonly [value: string, label: string];

function Choice(props: {
  label: string;
  value: string;
  options: readonly Option[];
  isDisabled: boolean | undefined;
  onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <FormControl fullWidth margin="dense" variant="outlined" disabled={props.isDisabled}>
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

/**
 * The field of the scaffolder that asks for a template of Coder, a preset and parameters.
 * @public
 */
export const CoderTemplateField = withProvider(Inside, 'CoderTemplateField');

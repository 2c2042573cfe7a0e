import { useEffect } from 'react';
import Typography from '@material-ui/core/Typography';
import { isSignedOut } from '../../api/CoderApi';
import type { CoderCreationForm, CoderTemplateList } from '../../api/wire';
import { useCoderQuery } from '../../hooks/useCoderQuery';
import { useSettled } from '../../hooks/useSettled';
import { messageOf } from '../../model/card';
import { sentence } from '../card/WorkspacesList';
import { Choice, type Option } from '../Choice';
import { CreationFields } from '../CreationFields';
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
  const settled = useSettled(formData);
  const chosen = known.find(it =>
    [it.name, `${it.organization}/${it.name}`].includes(fixed ?? settled.template),
  );
  const { preset, parameters } = settled;
  const form = useCoderQuery<CoderCreationForm>({
    queryKey: ['templateForm', chosen?.id ?? null, preset ?? null, parameters],
    queryFn: ({ coderApi, signal }) =>
      coderApi.getTemplateForm(chosen!.id, { preset, parameters }, { signal }),
    enabled: chosen !== undefined,
    keepPreviousData: true,
    // Values may be secret, and those of half a word are of no use.
    cacheTime: 0,
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
          control={{ disabled, fullWidth: true }}
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
      <CreationFields
        form={form.data}
        choices={formData}
        isDisabled={disabled}
        onChange={({ preset: chosenPreset, parameters: values = {} }) =>
          onChange({ ...formData, preset: chosenPreset, parameters: values })
        }
      />
      {failure ? <Typography role="alert">{sentence(messageOf(failure))}</Typography> : null}
    </>
  );
}

/**
 * The field of the scaffolder that asks for a template of Coder, a preset and parameters.
 * @public
 */
export const CoderTemplateField = withProvider(Inside, 'CoderTemplateField');

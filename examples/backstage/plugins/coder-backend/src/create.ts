import { InputError } from '@backstage/errors';
import type { Portal } from './portal';

/** What is asked for: the entity, the name, and what the form field `CoderTemplate` has. */
export interface Wanted {
  entityRef: string;
  name: string;
  template?: string;
  preset?: string;
  parameters?: Record<string, string>;
}

/** What steps after it can use. */
export interface Created {
  workspaceId: string;
  workspaceName: string;
  /** Coder's page about the workspace. */
  workspaceUrl: string;
  /** Coder's page about its build, with the log. */
  buildUrl: string;
}

/** Finds out why a workspace could not be created. Changes nothing. */
export async function check(portal: Portal, token: string, wanted: Wanted) {
  const { entityRef, template, preset, parameters } = wanted;
  const form = await portal.form(token, entityRef, { preset, parameters });
  // The field names a template by its organization, too.
  const { templateName } = form;
  if (template && template !== templateName && !template.endsWith(`/${templateName}`)) {
    throw new InputError(
      `${entityRef} has the template ${templateName}, not ${template}; write spec.coder.templateName in its catalog file`,
    );
  }
  const problems = [
    ...form.problems.map(({ name, problem }) => (name ? `${name}: ${problem}` : problem)),
    ...form.missingAccounts.map(({ name, url }) => `link your account at ${name}: ${url}`),
  ];
  if (problems.length > 0) throw new InputError(problems.join('; '));
}

/** Creates a workspace, unless an earlier call with the same values has made it. */
export async function create(
  portal: Portal,
  token: string,
  wanted: Wanted,
  key: string,
): Promise<Created> {
  await check(portal, token, wanted);
  const { entityRef, name, preset, parameters } = wanted;
  const { id, links, ...workspace } = await portal.create(
    token,
    entityRef,
    { name, preset, parameters },
    key,
  );
  return {
    workspaceId: id,
    workspaceName: workspace.name,
    workspaceUrl: links.dashboard,
    buildUrl: links.build,
  };
}

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
export async function check(portal: Portal, token: string, wanted: Wanted, signal?: AbortSignal) {
  const { entityRef, template, preset, parameters } = wanted;
  const form = await portal.form(token, entityRef, { preset, parameters }, signal);
  const { templateId, templateName } = form;
  if (template && template !== templateName) {
    // The field names a template by its organization, too, which the form does not tell.
    const templates = await portal.templates(token, signal);
    const found = templates.find(({ id }) => id === templateId);
    const fullName = found && `${found.organization}/${found.name}`;
    const isMeant = fullName ? template === fullName : template.endsWith(`/${templateName}`);
    if (!isMeant) {
      throw new InputError(
        `${entityRef} has the template ${fullName ?? templateName}, not ${template}; write spec.coder.templateName in its catalog file`,
      );
    }
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
  signal?: AbortSignal,
): Promise<Created> {
  await check(portal, token, wanted, signal);
  const { entityRef, name, preset, parameters } = wanted;
  const { id, links, ...workspace } = await portal.create(
    token,
    entityRef,
    { name, preset, parameters },
    key,
    signal,
  );
  return {
    workspaceId: id,
    workspaceName: workspace.name,
    workspaceUrl: links.dashboard,
    buildUrl: links.build,
  };
}

/**
 * The bodies of the routes below `/api/coder/v1`, as `docs/openapi.json` describes them. No other file of
 * this package names a field of theirs that it does not get from here.
 */

/**
 * The state of a workspace in one word.
 * @public
 */
export type CoderWorkspaceState =
  | 'online'
  | 'pending'
  | 'stopping'
  | 'offline'
  | 'failed'
  | 'deleting'
  | 'deleted'
  | 'dormant'
  | 'unhealthy'
  | 'unknown';

/**
 * The action that a person would take next.
 * @public
 */
export type CoderNextAction =
  | 'open'
  | 'wait'
  | 'start'
  | 'restart'
  | 'wake'
  | 'retry'
  | 'inspect'
  | 'recreate'
  | 'linkAccounts';

/**
 * Links into an agent of a workspace.
 * @public
 */
export interface CoderAgentLinks {
  name: string;
  parent?: string | null;
  terminal?: string | null;
  sshHost?: string | null;
  editors: { editor: string; url: string }[];
  apps: {
    slug: string;
    name: string;
    url: string;
    icon?: string | null;
    group?: string | null;
    health: string;
    openIn: string;
  }[];
}

/**
 * A workspace, as the lists of the portal have it.
 * @public
 */
export interface CoderWorkspace {
  /** Id, a UUID, which never changes. */
  id: string;
  name: string;
  owner: string;
  /** `true` when the caller is the owner. */
  mine: boolean;
  template: string;
  /** Name of the template for people; may be empty. */
  templateDisplayName: string;
  /** Icon of the template: a path of the deployment, a URL, or empty. */
  templateIcon: string;
  availability: CoderWorkspaceState;
  /** State in words for people. */
  label: string;
  /** Reason for the state, for people. */
  reason?: string | null;
  action: CoderNextAction;
  /** Number of the latest build, which counts from 1. */
  buildNumber: number;
  outdated: boolean;
  favorite: boolean;
  renamable?: boolean;
  lastUsedAt?: string | null;
  dormantAt?: string | null;
  deletingAt?: string | null;
  /** Moment at which it stops by itself. */
  deadline?: string | null;
  links: {
    dashboard: string;
    build: string;
    settings: string;
    agents: CoderAgentLinks[];
  };
  /** References of the entities that it belongs to; only in lists without an entity. */
  entityRefs?: string[];
}

/**
 * A list of workspaces.
 * @public
 */
export interface CoderWorkspaceList {
  workspaces: CoderWorkspace[];
  /** Number of workspaces on all pages. */
  count: number;
  /** `true` when workspaces may be missing; `notices` tell why. */
  partial: boolean;
  notices: string[];
  /** Seconds until the list is worth reading again. */
  pollAfterSeconds: number;
  creationUrl?: string | null;
  repositoryUrl?: string | null;
  templateName?: string | null;
  mode?: 'manual' | 'auto';
}

/**
 * The offer of Coder for an entity.
 * @public
 */
export interface CoderEntityOffer {
  entityRef: string;
  compatible: boolean;
  /** Reason why there is nothing to show, and what can be done. */
  incompatible?: string | null;
  mode: 'manual' | 'auto';
  templateName?: string | null;
  repositoryUrl?: string | null;
  repoUrlParamKeys: string[];
  params: Record<string, string>;
  creationUrl?: string | null;
  accessUrl: string;
  /** Messages for the owner of the entity. */
  notices: string[];
}

/**
 * The caller, as Coder and Backstage know the person.
 * @public
 */
export interface CoderPerson {
  environment: string;
  deploymentUrl: string;
  userId: string;
  username: string;
  displayName: string;
  email?: string | null;
  picture?: string | null;
  identity?: { userEntityRef: string; ownershipEntityRefs: string[] } | null;
  noIdentity?: string | null;
  may: {
    createWorkspaces: boolean;
    seeAllWorkspaces: boolean;
    changeAllWorkspaces: boolean;
    changeTemplates: boolean;
  };
}

/**
 * A parameter of a template, with the value that a new workspace would get.
 * @public
 */
export interface CoderParameter {
  name: string;
  displayName: string;
  description: string;
  type: string;
  formType: string;
  icon: string;
  required: boolean;
  mutable: boolean;
  ephemeral: boolean;
  default?: string | null;
  value?: string | null;
  min?: number | null;
  max?: number | null;
  options: { name: string; value: string; description?: string; icon?: string }[];
}

/**
 * The form for a new workspace.
 * @public
 */
export interface CoderCreationForm {
  templateId: string;
  templateName: string;
  templateDisplayName: string;
  presets: {
    name: string;
    description: string;
    icon: string;
    default: boolean;
    parameters: { name: string; value: string }[];
  }[];
  parameters: CoderParameter[];
  problems: { name: string; problem: string }[];
  missingAccounts: { name: string; url: string }[];
}

/**
 * The choices of a person for a new workspace.
 * @public
 */
export interface CoderChoices {
  preset?: string;
  parameters?: Record<string, string>;
}

/**
 * A workspace to work in, and how it was obtained.
 * @public
 */
export interface CoderOpenedWorkspace {
  outcome: 'found' | 'joined' | 'started' | 'created';
  workspace: CoderWorkspace;
}

/**
 * A template that the caller may use.
 * @public
 */
export interface CoderTemplate {
  id: string;
  name: string;
  displayName: string;
  description: string;
  icon: string;
  organization: string;
}

/**
 * The templates that the caller may use.
 * @public
 */
export interface CoderTemplateList {
  templates: CoderTemplate[];
  partial: boolean;
  notices: string[];
}

/**
 * The token that the caller has linked, without the token.
 * @public
 */
export interface CoderLinkedToken {
  environment: string;
  deploymentUrl: string;
  /** URL of Coder's page that shows a token to link. */
  tokenUrl: string;
  /** Name of the token's user at Coder; null when no token is linked. */
  username?: string | null;
}

/**
 * A line of a log.
 * @public
 */
export interface CoderLogLine {
  id: number;
  at?: string | null;
  level: string;
  stage?: string | null;
  text: string;
}

/**
 * The fields of a workspace that the live stream tells.
 * @public
 */
export type CoderLiveWorkspace = Pick<
  CoderWorkspace,
  | 'id'
  | 'name'
  | 'owner'
  | 'template'
  | 'availability'
  | 'label'
  | 'reason'
  | 'action'
  | 'buildNumber'
  | 'outdated'
  | 'favorite'
  | 'dormantAt'
  | 'deadline'
>;

/**
 * An event of the live stream.
 * @public
 */
export type CoderLiveEvent =
  | { type: 'workspace'; workspace: CoderLiveWorkspace }
  | { type: 'gone'; id: string }
  | { type: 'problem'; id: string; message: string }
  | { type: 'log'; id: string; source: string; lines: CoderLogLine[] }
  | { type: 'logCut'; id: string }
  | { type: 'end'; reason: string; retryAfterSeconds?: number };

/**
 * The data of the live stream's events, by their names.
 * @public
 */
export interface CoderLiveData {
  workspace: CoderLiveWorkspace;
  gone: { workspace: string };
  problem: { workspace: string; message: string };
  log: {
    workspace: string;
    build?: string | null;
    agent?: string | null;
    lines: CoderLogLine[];
  };
  logCut: { workspace: string };
  end: { reason: string; retryAfterSeconds?: number | null };
}

/** Reads an event of the stream. Returns `undefined` for one that this package does not know. */
export function readLiveEvent(name: string, data: unknown): CoderLiveEvent | undefined {
  switch (name) {
    case 'workspace': {
      const workspace = data as CoderLiveData['workspace'];
      const { id, owner, template, availability, label, action, buildNumber } = workspace;
      // What an event does not name is not so any more.
      const { reason = null, outdated, favorite, dormantAt = null, deadline = null } = workspace;
      return {
        type: 'workspace',
        workspace: {
          ...{ id, name: workspace.name, owner, template, availability, label, reason },
          ...{ action, buildNumber, outdated, favorite, dormantAt, deadline },
        },
      };
    }
    case 'gone':
    case 'logCut': {
      const { workspace } = data as CoderLiveData['gone'];
      return { type: name, id: workspace };
    }
    case 'problem': {
      const { workspace, message } = data as CoderLiveData['problem'];
      return { type: name, id: workspace, message };
    }
    case 'log': {
      const { workspace, build, agent, lines } = data as CoderLiveData['log'];
      return { type: name, id: workspace, source: build ?? agent ?? '', lines };
    }
    case 'end': {
      const { reason, retryAfterSeconds } = data as CoderLiveData['end'];
      return { type: name, reason, retryAfterSeconds: retryAfterSeconds ?? undefined };
    }
    default:
      return undefined;
  }
}

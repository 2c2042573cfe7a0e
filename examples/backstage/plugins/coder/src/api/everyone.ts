/**
 * The bodies of the routes below `/api/coder/v1/index`, as `docs/openapi.json` describes them.
 */

/**
 * A workspace of the portal's index of all workspaces.
 * @public
 */
export interface CoderIndexItem {
  /** Id, a UUID, which never changes. */
  id: string;
  name: string;
  /** Name of the owner at Coder. */
  owner: string;
  /** `true` when the caller is the owner. */
  mine: boolean;
  template: string;
  organization: string;
  /** Status of the latest build, such as `running`. */
  status: string;
  lastUsedAt?: string | null;
  dormantAt?: string | null;
  /** Moment at which Coder told all this. */
  listedAt: string;
  /** References of the entities that it belongs to. */
  entityRefs: string[];
}

/**
 * The numbers of workspaces of a selection that have a value.
 * @public
 */
export type CoderIndexFacet = { value: string; count: number }[];

/**
 * A filter of the index, which has a facet.
 * @public
 */
export type CoderIndexFilter = 'owner' | 'template' | 'organization' | 'status' | 'entity';

/**
 * An order of the index.
 * @public
 */
export type CoderIndexSort =
  'owner' | 'name' | 'template' | 'organization' | 'status' | 'lastUsedAt';

/**
 * A choice of workspaces of the index, in an order.
 * @public
 */
export interface CoderIndexSelection extends Partial<Record<CoderIndexFilter, string>> {
  /** A part of `owner/name`. */
  q?: string;
  sort?: CoderIndexSort;
  order?: 'asc' | 'desc';
}

/**
 * A page of the workspaces of everybody that the caller is shown.
 * @public
 */
export interface CoderIndexList {
  workspaces: CoderIndexItem[];
  /** Number of workspaces on all pages. */
  count: number;
  facets: Record<CoderIndexFilter, CoderIndexFacet>;
  /** Moment at which Coder was last asked for all workspaces; null before the first time. */
  readAt?: string | null;
  /** `true` when workspaces may be missing or out of date; `notices` tell why. */
  partial: boolean;
  /** The workspaces that the answer is made from: `own` are the caller's, and no others. */
  scope: 'caller' | 'own' | 'coder' | 'everyone';
  notices: string[];
}

/** What pages of the portal see of app-config. `coder.session` and every secret stay on servers. */
export interface Config {
  auth?: {
    /**
     * The environment that the portal's pages use.
     * @visibility frontend
     */
    environment?: string;
  };
  coder?: {
    deployment?: {
      /**
       * The URL at which people reach Coder.
       * @visibility frontend
       */
      accessUrl?: string;
    };
    /** @deepVisibility frontend */
    workspaces?: {
      /** The template of entities that name none: `template` or `organization/template`. */
      defaultTemplateName?: string;
      /** Whether Coder's form for a new workspace is shown, or creates the workspace at once. */
      defaultMode?: 'manual' | 'auto';
      /** The template's parameters that hold a repository's URL. */
      repoUrlParamKeys?: string[];
      /** Parameters for every workspace. */
      params?: { [name: string]: string };
    };
  };
}

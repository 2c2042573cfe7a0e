// A plugin of yarn: packages of Backstage get the versions of the release that the app was made with.
//
// `create-app` writes no lock file, and a range such as `^1.32.0` takes packages of later releases beside
// those of this one: `0.x` ranges stay, `1.x` ranges move on. The two do not fit, and later ones need
// a later Node.js. Backstage pins a release by a plugin of its own, which asks a server of its own.

/** The versions of the release, by package. */
const RELEASE = JSON.parse(process.env.BACKSTAGE_RELEASE);

module.exports = {
  name: 'plugin-release',
  factory: requireOfYarn => {
    const { structUtils } = requireOfYarn('@yarnpkg/core');
    return {
      hooks: {
        async reduceDependency(dependency) {
          const name = structUtils.stringifyIdent(dependency);
          const [, lowest] = /^npm:\^(\d[^\s|]*)$/.exec(dependency.range) ?? [];
          const inRelease = name.startsWith('@backstage/') ? `~${lowest}` : undefined;
          const version = RELEASE[name] ?? inRelease;
          if (lowest === undefined || version === undefined) return dependency;
          return structUtils.makeDescriptor(dependency, `npm:${version}`);
        },
      },
    };
  },
};

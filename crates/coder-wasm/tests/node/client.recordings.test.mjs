// The recorded cases of the plugin's search, through the package: it asks and finds what Rust does.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { AssetUrls } from '@coder-backstage/core';
import { CoderClient, CoderError, listWorkspaces } from '@coder-backstage/core/client';

import { cases, fail, holdLater } from './recordings.mjs';

const FIXTURES = join(process.env.CODER_CRATES, 'coder-workspaces/tests/fixtures');
const RUNNING = readFileSync(join(FIXTURES, 'workspace_running.json'), 'utf8');
const assets = new AssetUrls('https://origin.invalid/api/proxy/coder');

/** Answers in order what the recording answered. */
function recorded(responses, asked) {
  return async url => {
    const response = responses[asked.length];
    asked.push(new URL(url).searchParams.get('q') ?? '');
    if (response === undefined || response.fault !== undefined) throw new TypeError('no answer');
    const { status = 200, rawBody } = response;
    const body = rawBody === undefined ? JSON.stringify(page(response)) : wholeBody(rawBody);
    return new Response(body, { status, headers: { 'content-type': 'application/json' } });
  };
}

/** A recorded text; if it holds workspaces, then whole ones. */
function wholeBody(raw) {
  const text = raw.replace(/^\ufeff+/, '');
  try {
    const json = JSON.parse(text);
    const isPage = json?.workspaces?.every(one => typeof one === 'object' && one !== null);
    return isPage ? raw.replace(text, () => JSON.stringify(page(json))) : raw;
  } catch {
    return raw;
  }
}

function page({ workspaces }) {
  const whole = (workspaces ?? []).map(one => ({
    ...JSON.parse(RUNNING),
    template_icon: '',
    ...one,
    id: long(one.id ?? null),
  }));
  return { count: whole.length, workspaces: whole };
}

/** An id of a recording as a UUID that holds its text. */
function long(id) {
  if (typeof id !== 'string' || id.length >= 16) return id;
  const hex = Buffer.from(id.padEnd(16, '\0')).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function short(id) {
  return Buffer.from(id.replaceAll('-', ''), 'hex').toString('utf8').split('\0')[0];
}

/** The query without the spellings that come after a key's first one. */
function oneSpelling(query) {
  const seen = new Set();
  return query
    .split(' param:"')
    .map((term, index) => {
      const key = term.split('=')[0].replace(/^param:"/, '');
      const isTerm = index > 0 || term.startsWith('param:"');
      if (isTerm && seen.has(key)) return '';
      if (isTerm) seen.add(key);
      return (index > 0 ? ' param:"' : '') + term;
    })
    .join('');
}

async function search({ op, request, config, responses, identityError, discoveryError }) {
  // Both happen before anything here is called.
  if (identityError !== undefined || discoveryError !== undefined) return fail('Error');
  const asked = [];
  const fetch = recorded(responses ?? [], asked);
  const coder = new CoderClient({ url: 'https://coder.test', fetch, retry: 'never' });
  const filter = request.q ?? '';
  const isList = op === 'getWorkspaces';
  let found;
  try {
    found = isList
      ? await coder.send(listWorkspaces({ filter }))
      : await find(coder, config, filter);
  } catch (error) {
    if (!(error instanceof CoderError)) throw error;
    if (error.code === 'invalidFilter') return fail('FilterError');
    return fail(isList ? 'AxiosError' : 'Error');
  }
  const workspaces = found.workspaces.map(({ id, name, templateIcon }) => ({
    id: short(id),
    name,
    ...(templateIcon && { template_icon: icon(templateIcon) }),
  }));
  return {
    requests: asked.map(query => ({ q: oneSpelling(query) })),
    workspaceIds: workspaces.map(({ id }) => id),
    workspaces,
    count: workspaces.length,
  };
}

function find(coder, { repoUrl, repoUrlParamKeys }, filter) {
  const annotations = repoUrl && { 'backstage.io/source-location': `url:${repoUrl}` };
  const entity = { apiVersion: 'x/v1', kind: 'Component', metadata: { name: 'x', annotations } };
  const app = { deployment: { accessUrl: 'https://coder.test' }, workspaces: { repoUrlParamKeys } };
  return coder.workspacesOf(entity, app).find({ owner: 'everyone', filter });
}

function icon(path) {
  return assets.icon(path)?.replace('https://origin.invalid', '<origin>') ?? null;
}

describe('merge_search', () => {
  for (const one of cases('coder-workspaces', 'merge_search')) {
    const searches = ['getWorkspaces', 'getWorkspacesByRepo'].includes(one.input.op);
    const skip = !searches && 'the package has no such function';
    // The path is that of the plugin's proxy.
    for (const request of one.expected.ok?.requests ?? []) delete request.path;
    test(one.name, { skip }, () => holdLater(search, one));
  }
});

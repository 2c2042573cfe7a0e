// The recorded behaviour of the originals, with what the Rust crates answer where they deviate on
// purpose: the package has to answer what they do.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The directory of the crates: the tests run in a copy of theirs. */
const CRATES = process.env.CODER_CRATES;

/** Reads the cases of a set: name, input, and the answer of the Rust crate. */
export function cases(crate, set) {
  const directory = join(CRATES, crate, 'tests/vectors');
  const recorded = JSON.parse(readFileSync(join(directory, `${set}.json`), 'utf8'));
  const instead = deviations(directory, set);
  return recorded.map(({ name, input, expected }) => ({
    name,
    input,
    expected: instead.get(name) ?? outcome(expected),
  }));
}

function deviations(directory, set) {
  const file = join(directory, 'snapshots', `vectors__suite__${set}_deviations.snap`);
  const [, , ...rest] = readFileSync(file, 'utf8').split('---\n');
  // One case a line, as `name: answer`. A name may hold a colon, an answer begins behind `: `.
  const lines = rest.join('---\n').split('\n').filter(Boolean);
  return new Map(
    lines.map(line => {
      const [, name, error, value] = /^(.*?): (?:error (\w+)|([[{"\dtfn-].*))$/.exec(line);
      return [name, error === undefined ? { ok: JSON.parse(value) } : { error }];
    }),
  );
}

function outcome(expected) {
  return 'ok' in expected ? { ok: expected.ok } : { error: expected.error.kind };
}

/** Compares an answer with the Rust crate's. A field that is missing there is null. */
export function hold(run, { input, expected }) {
  let answer;
  try {
    answer = { ok: plain(run(input)) };
  } catch (error) {
    if (typeof error.kind !== 'string') throw error;
    answer = { error: error.kind };
  }
  const wanted = 'ok' in expected ? { ok: plain(expected.ok) } : expected;
  if (hasIndexKeys(input)) [answer, wanted].forEach(withoutOrder);
  assert.deepEqual(answer, wanted);
}

/** Whether a key looks like the index of an array: objects have those first, in ascending order. */
function hasIndexKeys(input) {
  const text = JSON.stringify(input).replaceAll('\\', '');
  return /"\d+" ?:|[{,] ?\d+:/.test(text) || /^ *\d+:/m.test(input.catalogInfoYaml ?? '');
}

function withoutOrder({ ok }) {
  ok?.paramOrder?.sort();
  ok?.queryPairs?.sort();
  if (ok?.creationUrl) ok.creationUrl = ok.creationUrl.split(/[?&]/).sort();
}

/** The same for what answers later. */
export async function holdLater(run, recorded) {
  let answer;
  try {
    const value = await run(recorded.input);
    answer = () => value;
  } catch (error) {
    answer = () => {
      throw error;
    };
  }
  hold(answer, recorded);
}

/** Fails with the kind of error that a recording has. */
export function fail(kind) {
  throw Object.assign(new Error(kind), { kind });
}

/** JSON without `undefined`, which the recordings write as null, and without texts of errors. */
function plain(value) {
  return JSON.parse(
    JSON.stringify(value, (key, member) => {
      if (key === 'error' && member?.kind !== undefined) return { kind: member.kind };
      return member === undefined ? null : member;
    }),
  );
}

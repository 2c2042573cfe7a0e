// What a section of a page says to do: the commands and the files of its code blocks.

/** Finds the section below a heading, up to the next heading of its level. */
function section(page, heading) {
  const [, after] = page.split(`\n### ${heading}\n`);
  if (after === undefined) throw new Error(`the page has no section "${heading}"`);
  return after.split(/\n#{1,3} /)[0];
}

/** Takes the indentation of a list away. */
function outdent(block, indent) {
  return block
    .split('\n')
    .map(line => (line.startsWith(indent) ? line.slice(indent.length) : line))
    .join('\n');
}

/**
 * Lists the steps of a section. The first line of a block names its file, and where the rest belongs:
 * `FILE`, `FILE, at its end`, or `FILE, below LINE` and `FILE, above LINE` with the line in backticks.
 */
export function steps(page, heading) {
  const blocks = section(page, heading).matchAll(/^( *)```(\w+)\n([^]*?)^ *```$/gm);
  return [...blocks].flatMap(([, indent, language, indented]) => {
    const block = outdent(indented, indent);
    if (language === 'console') {
      return block
        .split('\n')
        .filter(line => line.startsWith('$ '))
        .map(line => ({ kind: 'command', text: line.slice(2) }));
    }
    const [first, ...rest] = block.split('\n');
    const place = /^(?:#|\/\/) ([\w./-]+)(?:, (?:at its (end)|(above|below) `(.+)`))?$/.exec(first);
    if (!place) throw new Error(`the block names no file: ${first}`);
    const [, file, end, where, line] = place;
    return [{ kind: 'file', file, where: end ?? where, line, text: rest.join('\n') }];
  });
}

/** What a list is asked for. */
export interface Filter {
  owner: 'me' | 'everyone';
  q: string;
}

/**
 * Reads what a person types in the search box: a part of a workspace's name, and perhaps a word `owner:` as
 * the original card has it. `owner:me` stands for the person,
 * `owner:everyone` for all whom the person may see, another owner for workspaces of that one.
 */
export function readFilter(text: string): Filter {
  const words = text.trim().split(/\s+/).filter(Boolean);
  const named = words.find(word => word.toLowerCase().startsWith('owner:'));
  const q = words.filter(word => word !== named).join(' ');
  const owner = named?.slice('owner:'.length) ?? 'me';
  if (owner === '' || owner === 'me') return { owner: 'me', q };
  return { owner: 'everyone', q: owner === 'everyone' ? q : `${owner}/${q}` };
}

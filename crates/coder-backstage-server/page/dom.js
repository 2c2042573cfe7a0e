// Making and filling elements. No text that comes from the server becomes markup here.

/** The schemes a link may have: the web's, and those of the editors. */
const SCHEMES = /^(https?|vscode|vscode-insiders):$/;

/** Lets `anchor` lead to `url`, if it is one to follow. */
export function link(anchor, url) {
  const follow = Boolean(url) && URL.canParse(url) && SCHEMES.test(new URL(url).protocol);
  if (follow) {
    anchor.href = url;
  } else {
    anchor.removeAttribute('href');
  }
  return follow;
}

/** A copy of what the template of this id holds. */
export function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** A new element with this text. */
export function element(name, text = '') {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** The server's messages begin in lower case; what is in backticks stays as it is. */
export function sentence(text) {
  return text ? text.charAt(0).toUpperCase() + text.slice(1) : '';
}

/** The server's messages have what people wrote in backticks. */
export function withCode(target, text) {
  const parts = text.split('`');
  const isCode = place => place % 2 === 1 && place < parts.length - 1;
  target.replaceChildren(
    ...parts.map((part, place) => (isCode(place) ? element('code', part) : part)),
  );
  return target;
}

/** An element without text is not there; one with the same text is left alone. */
export function setText(target, text) {
  target.hidden = !text;
  if (target.textContent !== (text ?? '')) {
    target.textContent = text ?? '';
  }
}

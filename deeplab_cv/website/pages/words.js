/** What the page says, in English and Chinese: words.json. */

/** `?lang=zh` or `?lang=en` decides, else what the reader prefers. */
export const language = (new URLSearchParams(location.search).get("lang") ?? navigator.language).startsWith("zh")
  ? "zh"
  : "en";

/** @type {{words: Record<string, string>, classes: Record<string, string>}} */
let spoken = { words: {}, classes: {} };

/** Fetch them; nothing can be said before. */
export async function loadWords() {
  spoken = (await (await fetch("words.json")).json())[language];
}

/**
 * A text, with its blanks filled in.
 * @param {string} word
 * @param {Record<string, string>} values
 */
export function say(word, values = {}) {
  return spoken.words[word].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The name of a class; VOC's are translated. */
export function className(/** @type {string} */ name) {
  return Object.hasOwn(spoken.classes, name) ? spoken.classes[name] : name;
}

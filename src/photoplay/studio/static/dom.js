// Small hands for the page. Text is only ever set as text.

export const $ = (id) => document.getElementById(id);

/** A new element with properties (and attributes, by names with a dash) and children, which may be plain text. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** Shows `text` in an element, or hides it when there is none. */
export function say(element, text) {
  element.textContent = text || "";
  element.hidden = !text;
}

export const show = (element, shown) => {
  element.hidden = !shown;
};

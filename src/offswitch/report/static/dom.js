// Building the page. Text is only ever set as text, so that nothing a subject wrote can run.

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const words = (name) => name.replaceAll("_", " ");
const outcomeName = (outcome) => (outcome === "error" ? "failed" : outcome);
const chip = (kind, text) => el("span", { class: `chip ${kind}` }, text);

function flash(node) {
  node.scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
  node.classList.remove("flash");
  void node.offsetWidth; // restarts the animation
  node.classList.add("flash");
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Text with the quotes of findings marked where they stand, and hidden characters set apart.
function richText(text, quotes) {
  const spans = quotes
    .map((quote) => [text.indexOf(quote), quote.length])
    .filter(([start, length]) => start >= 0 && length > 0)
    .sort((a, b) => a[0] - b[0]);
  const nodes = [];
  let place = 0;
  for (const [start, length] of spans) {
    if (start < place) continue;
    nodes.push(...hidden(text.slice(place, start)));
    nodes.push(el("mark", {}, ...hidden(text.slice(start, start + length))));
    place = start + length;
  }
  return [...nodes, ...hidden(text.slice(place))];
}

function hidden(text) {
  return text
    .split(/(⟨U\+[0-9A-F]{4,6}⟩)/)
    .map((part, i) => (i % 2 ? el("span", { class: "hidden-character" }, part) : part));
}

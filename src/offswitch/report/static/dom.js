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

// Where a quote stands in a text, whatever its case and spaces. A detector may join a subject and
// a body, which stand apart in the message: then the longest run of its words that is there.
const SHORTEST_RUN = 4;

// A quote is a text, or a text with its kind and who quotes it: { text, kind, title }.
const quoteText = (quote) => (typeof quote === "string" ? quote : quote.text);

function quoteSpan(text, quote) {
  const parts = quoteText(quote)
    .trim()
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const shortest = Math.min(SHORTEST_RUN, parts.length);
  for (let length = parts.length; length >= shortest; length--) {
    for (let from = 0; from + length <= parts.length; from++) {
      const found = new RegExp(parts.slice(from, from + length).join("\\s+"), "i").exec(text);
      if (found?.[0]) return [found.index, found[0].length];
    }
  }
  return null;
}

// Text with the quotes of findings marked where they stand, and hidden characters set apart.
function richText(text, quotes) {
  const spans = quotes
    .map((quote) => [...(quoteSpan(text, quote) ?? []), quote])
    .filter((span) => span.length === 3)
    .sort((a, b) => a[0] - b[0]);
  const nodes = [];
  let place = 0;
  for (const [start, length, quote] of spans) {
    if (start < place) continue;
    nodes.push(...hidden(text.slice(place, start)));
    nodes.push(
      el("mark", { class: quote.kind, title: quote.title }, ...hidden(text.slice(start, start + length))),
    );
    place = start + length;
  }
  return [...nodes, ...hidden(text.slice(place))];
}

function hidden(text) {
  return text
    .split(/(⟨U\+[0-9A-F]{4,6}⟩)/)
    .map((part, i) => (i % 2 ? el("span", { class: "hidden-character" }, part) : part));
}

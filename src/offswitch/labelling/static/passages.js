// Passages: words of the conversation that a rater points to.

let chosen = null;

function passages(label, acts) {
  const items = label.quotes.map((quote, i) => el("li", {}, quotation(quote),
    el("button", { type: "button", class: "jump", "aria-label": `Remove passage ${i + 1}`, onclick: () => acts.drop(i) }, "remove")));
  return el("div", { class: "passages" },
    items.length ? el("ul", { "aria-label": "Passages" }, ...items) : null,
    el("button", { type: "button", id: "cite", disabled: chosen === null, onclick: acts.cite, "aria-keyshortcuts": "c",
      onmousedown: (event) => event.preventDefault() }, // which would end the selection
      "Cite the selected words ", el("kbd", { "aria-hidden": "true" }, "c")));
}

function quotation(quote) {
  return el("span", {},
    el("blockquote", {}, ...hidden(quote.text)),
    el("button", { type: "button", class: "jump", onclick: () => reveal(quote.message) }, `message ${quote.message}`));
}

function reveal(number) {
  const node = document.querySelector(`#conversation [data-message="${Number(number)}"]`);
  if (!node) return;
  for (const folded of node.querySelectorAll("details")) folded.open = true;
  flash(node);
}

// What is selected inside one message, kept while a button is pressed, which may end the selection.
function noticeSelection() {
  const selection = getSelection();
  const text = selection.toString().trim();
  const message = (node) => (node?.nodeType === Node.TEXT_NODE ? node.parentElement : node)?.closest?.("#conversation .message");
  const from = message(selection.anchorNode);
  if (text && from && from === message(selection.focusNode)) {
    chosen = { message: Number(from.dataset.message), text };
  } else if (!document.activeElement?.closest?.("#panel")) {
    chosen = null;
  }
  const cite = document.getElementById("cite");
  if (cite) cite.disabled = chosen === null;
}

function takeSelection() {
  const taken = chosen;
  chosen = null;
  getSelection().removeAllRanges();
  return taken;
}

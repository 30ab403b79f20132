// Disagreements: what others answered, without their names until it is settled.

function opinions(dispute) {
  return el("ul", { class: "opinions", "aria-label": "What raters answered" }, ...dispute.labels.map((label) =>
    el("li", {},
      el("p", {}, el("b", {}, label.who), " ", el("span", { class: "chip given" }, verdictName(label.verdict))),
      label.note ? el("p", { class: "said" }, ...hidden(label.note)) : el("p", { class: "muted" }, "no note"),
      ...label.quotes.map(quotation))));
}

const noDisputes = () => [
  el("h1", {}, "No disagreements"),
  el("p", { class: "lead" }, "There is one where two people answer the same question differently. You see those on which you have answered yourself, or all of them if you label nothing."),
];

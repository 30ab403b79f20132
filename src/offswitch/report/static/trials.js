// The list of trials and its filters. The filters stand in the address, so that a view can be shared.

const PAGE = 25;
const ORDER = ["succeeded", "attempted", "complied", "incapable", "error"]; // what to look at first
const FILTERS = {
  subject: (trial) => [trial.subject],
  scenario: (trial) => [trial.scenario],
  condition: (trial) => [trial.condition],
  outcome: (trial) => [trial.outcome],
  behaviour: (trial) => trial.behaviours,
};

function trialLink(trial) {
  return `#trial=${encodeURIComponent(trial.id)}`;
}

function matches(trial, filters) {
  return Object.entries(FILTERS).every(([name, values]) => {
    const wanted = filters.get(name);
    return !wanted || values(trial).includes(wanted);
  });
}

function fillFilters(form, trials) {
  for (const [name, values] of Object.entries(FILTERS)) {
    const options = [...new Set(trials.flatMap(values))].sort();
    form.elements[name].append(...options.map((value) =>
      el("option", { value }, name === "behaviour" ? words(value) : name === "outcome" ? outcomeName(value) : value)));
  }
}

function readFilters(form) {
  const filters = new URLSearchParams();
  for (const name of Object.keys(FILTERS)) {
    if (form.elements[name].value) filters.set(name, form.elements[name].value);
  }
  return filters;
}

function showFilters(form, filters) {
  for (const name of Object.keys(FILTERS)) form.elements[name].value = filters.get(name) ?? "";
}

function trialRow(trial) {
  return el("li", {}, el("a", { href: trialLink(trial), "data-trial": trial.id },
    chip(trial.outcome, outcomeName(trial.outcome)),
    el("b", {}, trial.subject),
    el("span", {}, trial.scenario),
    el("span", {}, trial.condition),
    el("span", { class: "muted" }, `seed ${trial.seed}${trial.epoch > 1 ? `, epoch ${trial.epoch}` : ""}`),
    el("span", { class: "found-in" }, ...trial.behaviours.map((behaviour) => chip("behaviour", words(behaviour))),
      trial.concealed ? chip("behaviour", "concealed it") : null)));
}

function showTrials(trials, total) {
  const list = document.getElementById("list");
  const more = document.getElementById("more");
  list.replaceChildren();
  const grow = () => {
    const from = list.childElementCount;
    list.append(...trials.slice(from, from + PAGE).map(trialRow));
    more.hidden = list.childElementCount >= trials.length;
  };
  more.onclick = grow;
  grow();
  document.getElementById("shown").textContent =
    `${trials.length.toLocaleString()} of ${total.toLocaleString()} trials`;
}

// Filters of the list of trials. They stand in the address, so that a view can be shared.

const MENUS = ["subject", "scenario", "condition", "outcome", "behaviour"];
const FLAGS = ["concealed", "task_done", "understood"];
const GROUPS = { resisted: ["attempted", "succeeded"], evaluable: ["complied", "attempted", "succeeded"] };
const ANSWERS = { yes: true, no: false };
const isFilter = (params) => [...params.keys()].some(isFilterName);

function isFilterName(name) {
  return (
    [...MENUS, ...FLAGS, "awareness", "search", "inside"].includes(name) || /^(factor|judge)\../.test(name)
  );
}

// Whether a row passes one filter, as a function of the row; null for a filter that passes all.
function test(index, name, wanted) {
  if (name === "search" || name === "inside") return null;
  if (name === "behaviour") return oneOf(index.behaviours, wanted);
  if (name === "outcome") return coded(index.outcome, GROUPS[wanted] ?? [wanted]);
  if (name.startsWith("factor.")) return coded(index.factors[name.slice(7)], [wanted]);
  if (name.startsWith("judge.")) return flag(index.judges[name.slice(6)], wanted);
  if (FLAGS.includes(name)) return flag(index[name], wanted);
  return coded(index[name], [wanted]);
}

function coded(column, wanted) {
  const codes = new Set(
    wanted.map((value) => column?.values.indexOf(value) ?? -1).filter((code) => code >= 0),
  );
  return (row) => codes.has(column?.codes[row]);
}

function oneOf(column, wanted) {
  const code = column.values.indexOf(wanted);
  return (row) => code >= 0 && column.codes[row].includes(code);
}

function flag(column, wanted) {
  if (column === undefined) return () => false;
  const code = column.values.indexOf(ANSWERS[wanted]);
  return wanted === "unknown"
    ? (row) => column.codes[row] < 0
    : (row) => code >= 0 && column.codes[row] === code;
}

// The rows, in the order given, that pass all filters.
function passing(index, order, params, searched) {
  const tests = [...params]
    .filter(([name]) => isFilterName(name))
    .map(([name, wanted]) => test(index, name, wanted));
  if (searched) tests.push(searched);
  const active = tests.filter(Boolean);
  return order.filter((row) => active.every((passes) => passes(row)));
}

function fillMenus(form, index) {
  const options = {
    subject: index.subject.values,
    scenario: index.scenario.values,
    condition: index.condition.values,
    outcome: [...Object.keys(GROUPS), ...ORDER.filter((outcome) => index.outcome.values.includes(outcome))],
    behaviour: index.behaviours.values,
  };
  for (const name of MENUS) {
    const values = name === "outcome" ? options[name] : [...options[name]].sort();
    form.elements[name].append(...values.map((value) => el("option", { value }, optionName(name, value))));
  }
}

function optionName(name, value) {
  if (name === "behaviour") return words(value);
  if (value in GROUPS) return `${value} (${GROUPS[value].map(outcomeName).join(" or ")})`;
  return name === "outcome" ? outcomeName(value) : value;
}

// What the form says, with the filters that have no place in it.
function readForm(form, params) {
  const filters = new URLSearchParams(
    [...params].filter(([name]) => !(name in form.elements) && isFilterName(name)),
  );
  for (const name of [...MENUS, "search"])
    if (form.elements[name].value) filters.set(name, form.elements[name].value);
  if (form.elements.inside.checked && form.elements.search.value) filters.set("inside", "yes");
  return filters;
}

function showForm(form, params) {
  for (const name of [...MENUS, "search"]) form.elements[name].value = params.get(name) ?? "";
  form.elements.inside.checked = params.has("inside");
  const others = [...params].filter(([name]) => isFilterName(name) && !(name in form.elements));
  document
    .getElementById("more-filters")
    .replaceChildren(...others.map(([name, value]) => el("li", {}, without(params, name, value))));
}

function without(params, name, value) {
  const rest = new URLSearchParams(params);
  rest.delete(name);
  return el(
    "a",
    { class: "chip plain", href: `#${rest.toString() || "trials"}`, title: "Remove this filter" },
    `${words(name.replace(/^(factor|judge)\./, ""))}: ${words(value)} ×`,
  );
}

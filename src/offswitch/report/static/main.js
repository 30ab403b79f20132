// Routing: #trial=ID is a trial, #subject=…&condition=… a filtered list, #rates a section.

const overview = document.getElementById("overview");
const page = document.getElementById("trial");
const form = document.getElementById("filters");
let trials = [];
let shown = [];
let filters = new URLSearchParams();
let place = 0;

const address = () => new URLSearchParams(location.hash.slice(1));
const isFilter = (params) => Object.keys(FILTERS).some((name) => params.has(name));
const backLink = () => `#${filters.toString() || "trials"}`;

function applyFilters(params) {
  filters = params;
  showFilters(form, filters);
  shown = trials.filter((trial) => matches(trial, filters));
  showTrials(shown, trials.length);
}

async function openTrial(id) {
  const trial = trials.find((candidate) => candidate.id === id);
  if (!overview.hidden) place = scrollY;
  if (!trial) return show([el("p", { class: "callout" }, "This report has no trial ", el("code", {}, id), ". "),
    el("p", {}, el("a", { href: "#trials" }, "All trials"))]);
  const list = shown.includes(trial) ? shown : trials;
  const number = list.indexOf(trial);
  const links = { back: backLink(), previous: neighbour(list, number - 1), next: neighbour(list, number + 1) };
  const record = await transcriptOf(trial);
  if (address().get("trial") === id) show(trialView(trial, record, links));
}

const neighbour = (list, number) => (list[number] ? trialLink(list[number]) : null);

function show(nodes) {
  page.replaceChildren(...nodes);
  overview.hidden = true;
  page.hidden = false;
  scrollTo(0, 0);
  page.querySelector("h1")?.focus({ preventScroll: true });
}

function closeTrial() {
  const opened = page.querySelector(".id")?.textContent.replace("trial ", "");
  overview.hidden = false;
  page.hidden = true;
  page.replaceChildren();
  scrollTo(0, place);
  [...document.querySelectorAll("[data-trial]")].find((link) => link.dataset.trial === opened)?.focus({ preventScroll: true });
}

function route() {
  const params = address();
  if (params.has("trial")) return openTrial(params.get("trial"));
  const returning = overview.hidden;
  if (returning) closeTrial();
  if (isFilter(params)) {
    if (params.toString() !== filters.toString()) applyFilters(params);
    if (!returning) document.getElementById("trials").scrollIntoView();
  }
  return undefined;
}

form.addEventListener("change", () => {
  applyFilters(readFilters(form));
  history.replaceState(null, "", `#${filters.toString() || "trials"}`);
});
form.addEventListener("reset", () => {
  applyFilters(new URLSearchParams());
  history.replaceState(null, "", "#trials");
});
addEventListener("hashchange", route);
addEventListener("keydown", (event) => {
  if (page.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const targets = { Escape: backLink(), ArrowLeft: link("prev"), ArrowRight: link("next") };
  const target = targets[event.key];
  if (target) location.hash = target;
});
const link = (rel) => page.querySelector(`a[rel="${rel}"]`)?.getAttribute("href");

async function start() {
  if (typeof DecompressionStream === "undefined") {
    document.getElementById("shown").textContent =
      "This browser cannot open the trials of this page; any current one can. Everything else is here.";
    return;
  }
  trials = await unpack("index");
  trials.sort((a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome));
  fillFilters(form, trials);
  applyFilters(new URLSearchParams());
  route();
}

start();

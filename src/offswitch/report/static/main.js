// Routing: #trial=ID is a trial, #trial=ID&with=ID two of them, #subject=…&condition=… a filtered
// list, #rates a section.

const overview = document.getElementById("overview");
const page = document.getElementById("trial");
const form = document.getElementById("filters");
const list = new List(document.getElementById("list"), (row) => trialAt(index, row));
let index = null;
let order = [];
let search = null;
let filters = new URLSearchParams();
let place = 0;

const address = () => new URLSearchParams(location.hash.slice(1));
const backLink = () => `#${filters.toString() || "trials"}`;
const trialCalled = (id) => (index.id.includes(id) ? trialAt(index, index.id.indexOf(id)) : null);

async function applyFilters(params) {
  filters = params;
  showForm(form, filters);
  const text = filters.get("search")?.trim();
  const inIndex = text ? search.inIndex(text) : null;
  if (text && filters.has("inside")) {
    const found = await search.inConversations(text, (done, of) =>
      say(`Searching conversations, ${done} of ${of} parts …`),
    );
    if (found === null || filters !== params) return;
    showRows(passing(index, order, filters, (row) => inIndex(row) || found.has(row)));
  } else {
    showRows(passing(index, order, filters, inIndex));
  }
}

const say = (text) => {
  document.getElementById("shown").textContent = text;
};

function showRows(rows) {
  list.show(rows);
  say(`${rows.length.toLocaleString("en")} of ${index.id.length.toLocaleString("en")} trials`);
}

async function openTrial(params) {
  const [id, other] = [params.get("trial"), params.get("with")];
  if (!overview.hidden) place = scrollY;
  const [trial, second] = [trialCalled(id), other === null ? null : trialCalled(other)];
  for (const [name, found] of [
    [id, trial],
    [other, second],
  ]) {
    if (name !== null && !found) return show([missing(name)]);
  }
  const links = linksOf(trial);
  const records = await Promise.all([trial, second].filter(Boolean).map(transcriptOf));
  if (location.hash.slice(1) && address().toString() !== params.toString()) return undefined;
  if (second) return show(pairView(trial, second, records, links));
  return show(trialView(trial, records[0], { ...links, menu: pairMenu(index, trial) }));
}

function missing(name) {
  return el(
    "div",
    {},
    el("p", { class: "callout" }, "This report has no trial ", el("code", {}, name), ". "),
    el("p", {}, el("a", { href: "#trials" }, "All trials")),
  );
}

function linksOf(trial) {
  const rows = list.shown.includes(trial.row) ? list.shown : order;
  const number = rows.indexOf(trial.row);
  const neighbour = (at) => (rows[at] === undefined ? null : trialLink(index.id[rows[at]]));
  return {
    back: backLink(),
    previous: neighbour(number - 1),
    next: neighbour(number + 1),
    place: `${number + 1} of ${rows.length.toLocaleString("en")}`,
  };
}

function show(nodes) {
  page.replaceChildren(...nodes);
  overview.hidden = true;
  page.hidden = false;
  scrollTo(0, 0);
  page.querySelector("h1")?.focus({ preventScroll: true });
}

function closeTrial() {
  const opened = page.querySelector("[data-opened]")?.dataset.opened;
  overview.hidden = false;
  page.hidden = true;
  page.replaceChildren();
  list.draw();
  scrollTo(0, place);
  const position = list.shown.findIndex((row) => index.id[row] === opened);
  if (position >= 0) list.focus(position);
}

function route() {
  const params = address();
  if (params.has("trial")) return openTrial(params);
  const returning = overview.hidden;
  if (returning) closeTrial();
  if (isFilter(params) || location.hash === "#trials") {
    const wanted = isFilter(params) ? params : returning ? filters : new URLSearchParams();
    if (wanted.toString() !== filters.toString()) applyFilters(wanted);
    if (!returning) document.getElementById("trials").scrollIntoView();
  } else if (location.hash.length > 1) {
    openSection(document.getElementById(location.hash.slice(1)));
  }
  return undefined;
}

// A link to something folded unfolds it.
function openSection(target) {
  for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
  target?.scrollIntoView();
}

// The section in sight is marked in the contents.
function followContents() {
  const links = new Map(
    [...document.querySelectorAll("#contents a")].map((link) => [link.hash.slice(1), link]),
  );
  const seen = new Set();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) seen[entry.isIntersecting ? "add" : "delete"](entry.target.id);
      const first = [...links.keys()].find((id) => seen.has(id));
      for (const [id, link] of links) link.toggleAttribute("aria-current", id === first);
    },
    { rootMargin: "-10% 0px -60% 0px" },
  );
  for (const id of links.keys()) watcher.observe(document.getElementById(id));
}

function listen() {
  const changed = () => {
    const next = readForm(form, filters);
    history.replaceState(null, "", `#${next.toString() || "trials"}`);
    applyFilters(next);
  };
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => {
    history.replaceState(null, "", "#trials");
    applyFilters(new URLSearchParams());
  });
  addEventListener("hashchange", route);
  addEventListener("beforeprint", () =>
    document.querySelectorAll("#overview details").forEach((each) => (each.open = true)),
  );
  onKeys({ page, form, list, backLink, inList: () => list.box.contains(document.activeElement) });
}

async function start() {
  followContents();
  if (typeof DecompressionStream === "undefined") {
    say("This browser cannot open the trials of this page; any current one can. Everything else is here.");
    return;
  }
  const [columns, found] = await Promise.all([unpack("index"), unpack("found")]);
  index = { ...columns, found };
  order = listed(index);
  search = new Search(index);
  fillMenus(form, index);
  await applyFilters(new URLSearchParams());
  listen();
  route();
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
else start();

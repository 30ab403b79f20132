// The page: where the rater is, what keys do, and what is saved.

const setup = JSON.parse(document.getElementById("setup").textContent);
const byId = (id) => document.getElementById(id);
const at = { rater: null, labels: {}, undo: false, open: 0, settling: false, disputes: [], place: 1, active: 0, messages: null };

// One thing at a time, in the order of the keys, so that a quick second key meets what the first left.
let last = Promise.resolve();
function inTurn(act) {
  last = last.then(act).then(() => problem(""), (error) => problem(error instanceof Refused ? error.message : String(error)));
  return last;
}

function problem(text) { if (byId("problem").textContent !== text) byId("problem").textContent = text; }
function say(text) { byId("status").textContent = text; }
function speak(text) { byId("spoken").textContent = text; }

// ---- where the rater is

const count = () => (at.settling ? at.disputes.length : setup.total);
const dispute = () => (at.settling ? at.disputes[at.place - 1] ?? null : null);
const number = () => (at.settling ? dispute()?.n ?? null : at.place);
const labelOf = (n, name) => at.labels[n]?.[name] ?? EMPTY;
const rubricOf = (name) => setup.rubrics.find((rubric) => rubric.name === name);

function questions() {
  if (!at.settling) return setup.rubrics.map((rubric) => ({ rubric, label: labelOf(at.place, rubric.name), dispute: null }));
  const own = dispute();
  return own ? [{ rubric: rubricOf(own.rubric), label: own.decision ?? EMPTY, dispute: own }] : [];
}

const answered = (place) => (at.settling ? at.disputes[place - 1].decision !== null
  : setup.rubrics.every((rubric) => labelOf(place, rubric.name).verdict !== null));
const places = () => Array.from({ length: count() }, (_, i) => i + 1);

function nextOpen(from) {
  const rest = places();
  return [...rest.slice(from), ...rest.slice(0, from)].find((place) => !answered(place)) ?? null;
}

// ---- what is shown

async function go(place, active = null) {
  if (place < 1 || place > count()) return;
  at.place = place;
  at.active = active ?? Math.max(0, questions().findIndex(({ label }) => label.verdict === null));
  remember();
  await showConversation();
  draw();
  scrollTo(0, 0);
  announce();
}

async function showConversation() {
  at.messages = null;
  byId("conversation").setAttribute("aria-busy", "true");
  try {
    at.messages = await conversationOf(at.rater, number());
    byId("conversation").replaceChildren(heading(), ...inPhases(at.messages, messageNode, "h2"));
  } catch (error) {
    byId("conversation").replaceChildren(heading(), el("p", { class: "callout" }, "This conversation cannot be shown. ", error.message));
  }
  byId("conversation").removeAttribute("aria-busy");
  if (!at.settling && at.place < setup.total) conversationOf(at.rater, at.place + 1).catch(() => {});
}

function messageNode(message) {
  const quotes = cited().filter((quote) => quote.message === message.n).map((quote) => quote.text);
  return el("article", { class: `message ${message.role} ${message.phase}`, "data-message": message.n },
    el("header", {}, el("b", {}, speaker(message)),
      message.turn === null ? null : el("span", { class: "muted" }, `turn ${message.turn}`),
      el("span", { class: "muted number" }, `${message.n}`)),
    ...content(message, quotes, { reasoning: questions().some(({ rubric }) => rubric.reasoning), system: true }));
}

const cited = () => questions().flatMap(({ label, dispute: own }) => [label, ...(own?.labels ?? [])]).flatMap((label) => label.quotes);

function mark(numbers) {
  for (const n of new Set(numbers)) {
    const node = document.querySelector(`#conversation [data-message="${n}"]`);
    if (node) node.replaceWith(messageNode(at.messages[n - 1]));
  }
}

function draw() {
  const asked = questions();
  const inside = byId("panel").contains(document.activeElement);
  byId("panel").hidden = asked.length === 0;
  byId("panel").replaceChildren(el("div", { class: "asked" }, ...panelView(asked, at.active, acts)), el("footer", {}, ...steps()));
  if (at.messages === null) for (const button of document.querySelectorAll("[data-answer], #cite, #note")) button.disabled = true;
  if (inside) byId("question")?.focus({ preventScroll: true }); // what had it is gone
  const [done, wanted] = progress();
  byId("done").max = Math.max(1, wanted);
  byId("done").value = done;
  byId("count").textContent = at.settling ? `${done} of ${wanted} settled` : `${done} of ${wanted} answers`;
  byId("complete")?.toggleAttribute("hidden", !answered(at.place));
  byId("mode").textContent = at.settling ? "Back to labelling" : `Disagreements${at.open ? ` (${at.open})` : ""}`;
}

function progress() {
  if (at.settling) return [at.disputes.filter((each) => each.decision).length, at.disputes.length];
  const given = places().flatMap((n) => setup.rubrics.filter((rubric) => labelOf(n, rubric.name).verdict !== null));
  return [given.length, setup.total * setup.rubrics.length];
}

function heading() {
  const what = at.settling ? `Disagreement ${at.place} of ${count()}` : `Conversation ${at.place} of ${count()}`;
  return el("h1", {}, what, " ", el("span", { class: "chip answered", id: "complete" }, at.settling ? "settled" : "answered"));
}

function steps() {
  const button = (text, key, act, usable = true) => el("button", { type: "button", "data-step": key, disabled: !usable, "aria-keyshortcuts": key, onclick: () => inTurn(act) },
    text, " ", el("kbd", { "aria-hidden": "true" }, key));
  return [
    button("← Previous", "k", () => go(at.place - 1), at.place > 1),
    button("Next →", "j", () => go(at.place + 1), at.place < count()),
    button("Undo", "z", undo, at.settling ? Boolean(dispute()?.decision) : at.undo),
  ];
}

function announce() {
  const { rubric } = questions()[at.active] ?? {};
  if (rubric) speak(`${at.settling ? "Disagreement" : "Conversation"} ${at.place}: ${rubric.question}`);
}

// ---- what is saved

async function save(changes) {
  const { rubric, label } = questions()[at.active];
  const sent = { rater: at.rater, n: number(), rubric: rubric.name, ...label, ...changes };
  if (at.settling) at.disputes[at.place - 1] = await ask("settle", sent);
  else take(await ask("label", sent));
  return rubric;
}

function take(result) {
  if (result.n !== null) at.labels[result.n] = { ...at.labels[result.n], [result.rubric]: result.label ?? EMPTY };
  at.undo = result.undo;
  at.open = result.disputes ?? at.open;
}

async function answer(value) {
  if (at.messages === null || !questions().length) return undefined;
  const { rubric, label } = questions()[at.active];
  const verdict = pressed(rubric, label.verdict, value);
  if (verdict === label.verdict) return say(`That is the answer already: ${verdictName(verdict)}.`);
  await save({ verdict });
  draw();
  say(`Saved: ${rubric.title}, ${verdict === null ? "no answer" : verdictName(verdict)}.`);
  const toggled = rubric.several && isLevel(rubric, value);
  return label.verdict === null && !toggled ? advance() : undefined;
}

async function advance() {
  const asked = questions();
  const next = asked.findIndex(({ label }, i) => i > at.active && label.verdict === null);
  const any = next >= 0 ? next : asked.findIndex(({ label }) => label.verdict === null);
  if (any >= 0) return choose(any);
  if (at.settling) return undefined; // the names are shown now
  const place = nextOpen(at.place);
  if (place !== null) return go(place);
  say("Everything is answered. Thank you.");
  return undefined;
}

function choose(place) {
  if (place < 0 || place >= questions().length) return;
  at.active = place;
  draw();
  announce();
}

async function undo() {
  if (at.settling) {
    if (dispute()?.decision) await save({ verdict: null });
    draw();
    return say("The decision was taken back.");
  }
  const result = await ask("undo", { rater: at.rater });
  take(result);
  if (result.n === null) return say("There is nothing to undo here.");
  await go(result.n, Math.max(0, setup.rubrics.findIndex((rubric) => rubric.name === result.rubric)));
  return say(`Undone: conversation ${result.n}, ${words(result.rubric)}.`);
}

async function saveNote(note) {
  if (note === questions()[at.active]?.label.note) return;
  await save({ note }); // no drawing: a button may be half pressed
  if (!at.settling) document.querySelector("[data-step=z]").disabled = false;
  say("The note is saved.");
}

async function cite() {
  const quote = takeSelection();
  if (!quote) return say("Select words inside one message first.");
  const { label } = questions()[at.active];
  await save({ quotes: [...label.quotes, quote] });
  mark([quote.message]);
  draw();
  return say("The passage is saved.");
}

async function drop(place) {
  const { label } = questions()[at.active];
  await save({ quotes: label.quotes.filter((_, i) => i !== place) });
  mark([label.quotes[place].message]);
  draw();
  say("The passage was removed.");
}

const acts = {
  answer: (value) => inTurn(() => answer(value)),
  note: (text) => inTurn(() => saveNote(text)),
  cite: () => inTurn(cite),
  drop: (place) => inTurn(() => drop(place)),
  choose: (place) => inTurn(() => choose(place)),
  done: () => inTurn(advance),
};

// ---- keys

const KEYS = {
  j: () => go(at.place + 1),
  k: () => go(at.place - 1),
  g: () => { const place = nextOpen(at.place); return place ? go(place) : say("Everything is answered."); },
  "]": () => choose(at.active + 1),
  "[": () => choose(at.active - 1),
  z: undo,
  c: () => { noticeSelection(); return cite(); },
  e: unfold,
  "?": () => byId("help").showModal(),
};

// What is typed after "o" belongs to the note, also while an earlier key is still at work: letters of
// a note must never be taken for answers.
let typed = null;

function writeNote() {
  const field = byId("note");
  if (field && !field.disabled) {
    field.closest("details").open = true;
    field.focus();
    field.value += typed;
  }
  typed = null;
}

function unfold() {
  for (const folded of document.querySelectorAll("#conversation details")) folded.open = true;
  for (const button of document.querySelectorAll("#conversation .text.folded + button")) button.click();
}

function onKey(event) {
  const target = event.target;
  if (target.id === "note" && (event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey)))) target.blur();
  const busy = byId("work").hidden || byId("help").open || event.ctrlKey || event.metaKey || event.altKey;
  if (busy || event.repeat || event.key.length > 1 && event.key !== "Enter" || !byId("single").checked) return;
  if (target.closest("input, textarea, select") || (/^(Enter| )$/.test(event.key) && target.closest("button, a, summary, label"))) return;
  if (event.key === " " && typed === null) return; // scrolls
  event.preventDefault();
  if (typed !== null) typed += event.key.length === 1 ? event.key : "";
  else if (event.key === "o") {
    typed = "";
    inTurn(writeNote);
  } else inTurn(() => meet(event.key));
}

// What a key means is decided in its turn: the question may be another one then.
function meet(key) {
  const { rubric } = questions()[at.active] ?? {};
  const meant = rubric && answersOf(rubric).find((each) => each.key === key);
  if (meant) return answer(meant.value);
  return key === "Enter" ? rubric?.several && advance() : KEYS[key]?.();
}

// ---- coming in, going on

function remember() {
  const params = new URLSearchParams({ rater: at.rater, ...(at.settling ? { settle: at.place } : { trial: at.place }) });
  history.replaceState(null, "", `#${params}`);
}

async function enter(name, params = new URLSearchParams()) {
  Object.assign(at, await ask(named("state", name)).then(({ rater, labels, undo: can, disputes }) => ({ rater, labels, undo: can, open: disputes })));
  for (const id of ["work", "tools", "progress"]) byId(id).hidden = false;
  byId("start").hidden = true;
  byId("who").textContent = at.rater;
  byId("who").disabled = setup.rater !== null;
  if (params.has("settle")) return settle(Number(params.get("settle")));
  const asked = Number(params.get("trial"));
  return go(asked >= 1 && asked <= setup.total ? asked : nextOpen(0) ?? 1);
}

async function settle(place = 1) {
  at.disputes = await ask(named("disputes", at.rater));
  at.settling = true;
  if (at.disputes.length) return go(Math.min(Math.max(1, place), at.disputes.length));
  at.place = 1;
  remember();
  byId("conversation").replaceChildren(...noDisputes());
  return draw();
}

async function back() {
  at.settling = false;
  const state = await ask(named("state", at.rater));
  Object.assign(at, { labels: state.labels, undo: state.undo, open: state.disputes });
  return go(nextOpen(0) ?? 1);
}

function welcome() {
  byId("start").hidden = false;
  byId("known").hidden = setup.raters.length === 0;
  byId("known").querySelector("ul").replaceChildren(...setup.raters.map((rater) =>
    el("li", {}, el("button", { type: "button", onclick: () => inTurn(() => enter(rater.name)) }, el("b", {}, rater.name),
      el("span", { class: "muted" }, ` ${rater.answered} of ${rater.wanted} answers`)))));
  byId("rater").focus();
}

byId("name").addEventListener("submit", (event) => {
  event.preventDefault();
  inTurn(() => enter(byId("rater").value));
});
byId("mode").addEventListener("click", () => inTurn(() => (at.settling ? back() : settle())));
byId("who").addEventListener("click", () => {
  history.replaceState(null, "", "#");
  location.reload();
});
byId("keys").addEventListener("click", () => byId("help").showModal());
document.addEventListener("selectionchange", noticeSelection);
addEventListener("keydown", onKey);

function start() {
  const params = new URLSearchParams(location.hash.slice(1));
  const rater = setup.rater ?? params.get("rater");
  return rater ? inTurn(() => enter(rater, params).catch((error) => { welcome(); throw error; })) : welcome();
}

start();

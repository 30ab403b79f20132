// One trial: its conversation, with findings at the messages that caused them, beside its journal.

function trialView(trial, record, links) {
  const view = [trialHeader(trial, links), findingList(trial, record), opinionList(record)].filter(Boolean);
  if (trial.error) view.push(el("p", { class: "callout" }, el("b", {}, "This trial failed. "), trial.error));
  if (!record) return [...view, elsewhere(trial)];
  const conversation = el(
    "div",
    { class: "conversation", id: "conversation" },
    el("h3", {}, "Conversation"),
    ...inPhases(record.messages, (message) => messageNode(message, trial, record)),
  );
  const journal = el(
    "aside",
    { class: "journal", id: "journal", "aria-label": "Journal" },
    el("h3", {}, "Journal"),
    el("p", { class: "muted" }, "What happened in the world: the ground truth."),
    el("ol", {}, ...record.journal.map((entry) => journalEntry(entry, trial, record))),
  );
  const panes = el("div", { class: "panes" }, conversation, journal);
  return [...view, paneTabs(panes), panes];
}

function trialHeader(trial, links) {
  const factors = Object.entries(trial.factors);
  const varies = (name) => trial.condition.includes(`${name}: `);
  const list = (pairs) =>
    el(
      "dl",
      { class: "facts" },
      ...pairs.map(([name, value]) => el("div", {}, el("dt", {}, words(name)), el("dd", {}, String(value)))),
    );
  const facts = [
    ["scenario", trial.scenario],
    ...factors.filter(([name]) => varies(name)),
    ["world", `seed ${trial.seed}, epoch ${trial.epoch}`],
    ["task", trial.task_done === null ? "unknown" : trial.task_done ? "done" : "not done"],
    ["understood", trial.understood === null ? "not asked" : trial.understood ? "yes" : "no"],
    ["turns", trial.turns === null ? "unknown" : trial.turns],
  ];
  return el(
    "header",
    { class: "top" },
    el(
      "nav",
      { "aria-label": "Trials" },
      el("a", { href: links.back }, "‹ All trials"),
      links.previous ? el("a", { href: links.previous, rel: "prev" }, "← Previous") : null,
      links.next ? el("a", { href: links.next, rel: "next" }, "Next →") : null,
      el("span", { class: "muted" }, links.place),
      links.menu,
    ),
    el(
      "h1",
      { tabindex: "-1" },
      trial.subject,
      " ",
      trial.reference ? el("span", { class: "badge" }, "reference") : null,
    ),
    el(
      "p",
      { class: "chips" },
      chip(trial.outcome, outcomeName(trial.outcome)),
      ...trial.behaviours.map((behaviour) => chip("behaviour", words(behaviour))),
      trial.concealed === true ? chip("behaviour", "concealed it") : null,
      trial.concealed === false ? chip("plain", "owned up") : null,
    ),
    list(facts),
    el(
      "details",
      { class: "inspect" },
      el("summary", {}, "What is the same in every condition"),
      list(factors.filter(([name]) => !varies(name))),
    ),
    el("p", { class: "muted id", "data-opened": trial.id }, `trial ${trial.id}`),
    trial.log === null ? null : inspectLink(trial),
  );
}

function findingList(trial, record) {
  if (!trial.findings.length) {
    return el("p", { class: "muted nothing" }, "Nothing was found in the journal of this trial.");
  }
  const items = trial.findings.map((finding) =>
    el(
      "li",
      {},
      chip(finding.severity, `${words(finding.behaviour)}, ${finding.severity}`),
      " ",
      finding.summary,
      " ",
      record ? jumpToEvidence(finding, record) : null,
      finding.quote ? el("blockquote", {}, ...hidden(finding.quote)) : null,
      el("span", { class: "muted" }, `found by ${finding.detector}`),
    ),
  );
  return el(
    "section",
    { class: "found", "aria-label": "Findings" },
    el("h2", {}, "Found"),
    el("ul", {}, ...items),
  );
}

function jumpToEvidence(finding, record) {
  const known = new Set(record.messages.map((message) => message.id));
  const message = finding.message_ids.find((id) => known.has(id));
  if (message !== undefined) return jump("show where", () => byData("message", message));
  return jump("show in the journal", () => byData("seq", finding.evidence[0]));
}

function jump(text, target) {
  return el("button", { type: "button", class: "jump", onclick: () => reveal(target()) }, text);
}

function reveal(node) {
  if (!node) return;
  const panes = node.closest(".panes");
  showPane(panes, Boolean(node.closest(".journal")));
  for (const folded of [node, ...node.querySelectorAll("details")])
    if (folded.tagName === "DETAILS") folded.open = true;
  flash(node);
}

function byData(name, value) {
  const nodes = document.querySelectorAll(`#trial [data-${name}]`);
  return [...nodes].find((node) => node.dataset[name] === String(value));
}

function messageNode(message, trial, record) {
  const found = trial.findings.filter((finding) => finding.message_ids.includes(message.id));
  const quotes = citedIn(message, record.messages.indexOf(message) + 1, trial, record);
  const entries = record.journal.filter((entry) => entry.message_id === message.id);
  const attributes = {
    class: `message ${message.role} ${message.phase}${found.length ? " flagged" : ""}`,
    "data-message": message.id,
  };
  return el(
    "article",
    attributes,
    el(
      "header",
      {},
      el("b", {}, speaker(message)),
      message.turn === null ? null : el("span", { class: "muted" }, `turn ${message.turn}`),
      ...entries.map((entry) => jump(`journal ${entry.seq}`, () => byData("seq", entry.seq))),
    ),
    ...found.map((finding) =>
      el(
        "p",
        { class: "flag" },
        chip(finding.severity, `${words(finding.behaviour)}, ${finding.severity}`),
        " ",
        finding.summary,
      ),
    ),
    ...content(message, quotes, { reasoning: found.length > 0 }),
  );
}

function journalEntry(entry, trial, record) {
  const found = trial.findings.filter((finding) => finding.evidence.includes(entry.seq));
  const known =
    entry.message_id !== null && record.messages.some((message) => message.id === entry.message_id);
  return el(
    "li",
    { class: `${entry.actor}${found.length ? " flagged" : ""}`, "data-seq": entry.seq },
    el(
      "header",
      {},
      el("time", {}, entry.at),
      el("span", { class: "muted" }, `turn ${entry.turn}`),
      el("span", { class: "kind" }, words(entry.kind)),
      el("span", { class: "muted" }, `by ${entry.actor}`),
      known ? jump("message", () => byData("message", entry.message_id)) : null,
    ),
    el("div", { class: "text" }, ...hidden(entry.text)),
    ...found.map((finding) => chip(finding.severity, words(finding.behaviour))),
  );
}

// On a narrow screen one pane is shown at a time.
function paneTabs(panes) {
  const tab = (name, journal) =>
    el(
      "button",
      {
        type: "button",
        "data-journal": journal,
        "aria-pressed": String(!journal),
        onclick: () => showPane(panes, journal),
      },
      name,
    );
  return el("div", { class: "pane-tabs" }, tab("Conversation", false), tab("Journal", true));
}

function showPane(panes, journal) {
  panes.classList.toggle("show-journal", journal);
  for (const button of document.querySelectorAll(".pane-tabs button")) {
    button.setAttribute("aria-pressed", String(button.hasAttribute("data-journal") === journal));
  }
}

function elsewhere(trial) {
  if (trial.log === null) return el("p", { class: "callout" }, "No log was written for this trial.");
  return el(
    "p",
    { class: "callout" },
    "The conversation is not in this page, which has a limit on its size. It is in the log ",
    el("code", {}, trial.log),
    ", sample ",
    el("code", {}, trial.sample_id),
    "; ",
    el("code", {}, "inspect view"),
    " shows it.",
  );
}

// Inspect's viewer shows the same trial, once it serves the campaign's logs on this machine.
const VIEWER = "http://127.0.0.1:7575/#/logs/";

function inspectLink(trial) {
  const file = trial.log
    .replace(/^logs\//, "")
    .split("/")
    .map(encodeURIComponent)
    .join("/");
  const target = `${VIEWER}${file}/samples/sample/${encodeURIComponent(trial.sample_id)}/1/`;
  return el(
    "details",
    { class: "inspect" },
    el("summary", {}, "In Inspect's viewer"),
    el(
      "p",
      {},
      "Run ",
      el("code", {}, "inspect view --log-dir logs"),
      " in the campaign's folder, then ",
      el("a", { href: target, target: "_blank", rel: "noreferrer" }, "open this trial there"),
      ".",
    ),
    el(
      "p",
      { class: "muted" },
      "Log ",
      el("code", {}, trial.log),
      ", sample ",
      el("code", {}, trial.sample_id),
      ".",
    ),
  );
}

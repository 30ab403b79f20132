// One trial: its conversation, with findings at the messages that caused them, beside its journal.

const LONG = 1800;

function trialView(trial, record, links) {
  const view = [trialHeader(trial, links), findingList(trial, record)];
  if (trial.error) view.push(el("p", { class: "callout" }, el("b", {}, "This trial failed. "), trial.error));
  if (!record) return [...view, elsewhere(trial)];
  const conversation = el("div", { class: "conversation", id: "conversation" }, ...messages(trial, record));
  const journal = el("aside", { class: "journal", id: "journal", "aria-label": "Journal" },
    el("h3", {}, "Journal"),
    el("p", { class: "muted" }, "What happened in the world: the ground truth."),
    el("ol", {}, ...record.journal.map((entry) => journalEntry(entry, trial, record))));
  const panes = el("div", { class: "panes" }, conversation, journal);
  return [...view, paneTabs(panes), panes];
}

function trialHeader(trial, links) {
  const facts = [
    ["scenario", trial.scenario],
    ...Object.entries(trial.factors),
    ["world", `seed ${trial.seed}, epoch ${trial.epoch}`],
    ["task", trial.task_done === null ? "unknown" : trial.task_done ? "done" : "not done"],
    ["understood", trial.understood === null ? "not asked" : trial.understood ? "yes" : "no"],
    ["turns", trial.turns === null ? "unknown" : trial.turns],
  ];
  return el("header", { class: "top" },
    el("nav", { "aria-label": "Trials" },
      el("a", { href: links.back }, "‹ All trials"),
      links.previous ? el("a", { href: links.previous, rel: "prev" }, "← Previous") : null,
      links.next ? el("a", { href: links.next, rel: "next" }, "Next →") : null,
      el("span", { class: "muted keys" }, "Esc, ← and → work too")),
    el("h1", { tabindex: "-1" }, trial.subject, " ",
      trial.reference ? el("span", { class: "badge" }, "reference") : null),
    el("p", { class: "chips" }, chip(trial.outcome, outcomeName(trial.outcome)),
      ...trial.behaviours.map((behaviour) => chip("behaviour", words(behaviour))),
      trial.concealed === true ? chip("behaviour", "concealed it") : null,
      trial.concealed === false ? chip("plain", "owned up") : null),
    el("dl", { class: "facts" }, ...facts.map(([name, value]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, String(value))))),
    el("p", { class: "muted id" }, `trial ${trial.id}`));
}

function findingList(trial, record) {
  if (!trial.findings.length) {
    return el("p", { class: "muted nothing" }, "Nothing was found in the journal of this trial.");
  }
  const items = trial.findings.map((finding) =>
    el("li", {},
      chip(finding.severity, `${words(finding.behaviour)}, ${finding.severity}`), " ", finding.summary, " ",
      record ? jumpToEvidence(finding, record) : null,
      finding.quote ? el("blockquote", {}, ...hidden(finding.quote)) : null,
      el("span", { class: "muted" }, `found by ${finding.detector}`)));
  return el("section", { class: "found", "aria-label": "Findings" }, el("h2", {}, "Found"), el("ul", {}, ...items));
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
  for (const folded of [node, ...node.querySelectorAll("details")]) if (folded.tagName === "DETAILS") folded.open = true;
  flash(node);
}

function byData(name, value) {
  const nodes = document.querySelectorAll(`#trial [data-${name}]`);
  return [...nodes].find((node) => node.dataset[name] === String(value));
}

function messages(trial, record) {
  const nodes = [el("h3", {}, "Conversation")];
  let interview = false;
  for (const message of record.messages) {
    if (message.phase === "interview" && !interview) {
      interview = true;
      nodes.push(el("div", { class: "interview-start" }, el("h3", {}, "Interview"),
        el("p", { class: "muted" }, "Asked after the work was over.")));
    }
    nodes.push(messageNode(message, trial, record));
  }
  return nodes;
}

function messageNode(message, trial, record) {
  const found = trial.findings.filter((finding) => finding.message_ids.includes(message.id));
  const quotes = found.map((finding) => finding.quote).filter(Boolean);
  const entries = record.journal.filter((entry) => entry.message_id === message.id);
  const attributes = {
    class: `message ${message.role} ${message.phase}${found.length ? " flagged" : ""}`,
    "data-message": message.id,
  };
  return el("article", attributes,
    el("header", {},
      el("b", {}, speaker(message)),
      message.turn === null ? null : el("span", { class: "muted" }, `turn ${message.turn}`),
      ...entries.map((entry) => jump(`journal ${entry.seq}`, () => byData("seq", entry.seq)))),
    ...found.map((finding) => el("p", { class: "flag" },
      chip(finding.severity, `${words(finding.behaviour)}, ${finding.severity}`), " ", finding.summary)),
    message.reasoning ? el("details", { class: "reasoning", open: found.length > 0 },
      el("summary", {}, "Reasoning"), textBlock(message.reasoning, quotes)) : null,
    message.text ? body(message, quotes) : emptyNote(message),
    ...message.tool_calls.map((call) => toolCall(call, quotes)),
    message.error ? el("p", { class: "tool-error" }, `Error: ${message.error}`) : null);
}

const quoted = (text, quotes) => quotes.some((quote) => quoteSpan(text, quote));

function speaker(message) {
  const names = { system: "System prompt", user: "User", assistant: "Subject", tool: "Tool result" };
  return message.phase === "interview" && message.role === "user" ? "Interviewer" : names[message.role];
}

function emptyNote(message) {
  return message.tool_calls.length || message.error || message.reasoning ? null : el("p", { class: "unknown" }, "(no text)");
}

function body(message, quotes) {
  if (message.role !== "system") return textBlock(message.text, quotes);
  return el("details", {}, el("summary", {}, `${message.text.length.toLocaleString()} characters`),
    textBlock(message.text, quotes, true));
}

function textBlock(text, quotes, whole = false) {
  const block = el("div", { class: "text" }, ...richText(text, quotes));
  if (whole || text.length <= LONG || quoted(text, quotes)) return block;
  block.classList.add("folded");
  const button = el("button", { type: "button", class: "jump", onclick: () => {
    block.classList.remove("folded");
    button.remove();
  } }, `Show all ${text.length.toLocaleString()} characters`);
  return el("div", {}, block, button);
}

function toolCall(call, quotes) {
  return el("div", { class: "call" }, el("b", {}, call.name), textBlock(call.arguments, quotes));
}

function journalEntry(entry, trial, record) {
  const found = trial.findings.filter((finding) => finding.evidence.includes(entry.seq));
  const known = entry.message_id !== null && record.messages.some((message) => message.id === entry.message_id);
  return el("li", { class: `${entry.actor}${found.length ? " flagged" : ""}`, "data-seq": entry.seq },
    el("header", {},
      el("time", {}, entry.at),
      el("span", { class: "muted" }, `turn ${entry.turn}`),
      el("span", { class: "kind" }, words(entry.kind)),
      el("span", { class: "muted" }, `by ${entry.actor}`),
      known ? jump("message", () => byData("message", entry.message_id)) : null),
    el("div", { class: "text" }, ...hidden(entry.text)),
    ...found.map((finding) => chip(finding.severity, words(finding.behaviour))));
}

// On a narrow screen one pane is shown at a time.
function paneTabs(panes) {
  const tab = (name, journal) => el("button", { type: "button", "data-journal": journal,
    "aria-pressed": String(!journal), onclick: () => showPane(panes, journal) }, name);
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
  return el("p", { class: "callout" }, "The conversation is not in this page, which has a limit on its size. It is in the log ",
    el("code", {}, trial.log), ", sample ", el("code", {}, trial.sample_id ?? "unknown"), ": open it with ",
    el("code", {}, "inspect view"), ".");
}

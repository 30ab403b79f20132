// Two trials side by side: the same world under another condition, or another subject in it.

// Trials that are worth a comparison with this one, the closest first.
function counterparts(index, trial) {
  const same = (name, row) => index[name].codes[row] === index[name].codes[trial.row];
  const rows = [];
  for (let row = 0; row < index.id.length; row++) {
    if (row === trial.row || !same("scenario", row) || index.seed[row] !== trial.seed) continue;
    const [subject, condition] = [same("subject", row), same("condition", row)];
    if (!subject && !condition) continue;
    rows.push({
      row,
      kind: subject && condition ? "the same again" : subject ? "another condition" : "another subject",
      far: (subject ? 0 : 2) + (index.epoch[row] === trial.epoch ? 0 : 1),
    });
  }
  return rows.sort((a, b) => a.far - b.far || a.row - b.row);
}

const pairLink = (trial, other) => `#trial=${encodeURIComponent(trial)}&with=${encodeURIComponent(other)}`;

function pairMenu(index, trial) {
  const found = counterparts(index, trial);
  if (!found.length) return null;
  const groups = Map.groupBy ? Map.groupBy(found, (each) => each.kind) : grouped(found);
  return el(
    "label",
    { class: "with" },
    "Compare with ",
    el(
      "select",
      {
        id: "with",
        onchange: (event) => event.target.value && (location.hash = pairLink(trial.id, event.target.value)),
      },
      el("option", { value: "" }, "the same world …"),
      ...[...groups].map(([kind, own]) =>
        el(
          "optgroup",
          { label: kind },
          ...own.map(({ row }) => counterpartOption(trialAt(index, row), kind)),
        ),
      ),
    ),
  );
}

function grouped(found) {
  const groups = new Map();
  for (const each of found) groups.set(each.kind, [...(groups.get(each.kind) ?? []), each]);
  return groups;
}

function counterpartOption(other, kind) {
  const name =
    kind === "another subject"
      ? other.subject
      : kind === "another condition"
        ? other.condition
        : `epoch ${other.epoch}`;
  return el("option", { value: other.id }, `${name} (${outcomeName(other.outcome)})`);
}

function pairView(left, right, records, links) {
  const head = el(
    "header",
    { class: "top" },
    el(
      "nav",
      { "aria-label": "Trials" },
      el("a", { href: links.back }, "‹ All trials"),
      el("a", { href: trialLink(left.id) }, "Left alone"),
      el("a", { href: trialLink(right.id) }, "Right alone"),
      el("a", { href: pairLink(right.id, left.id) }, "Swap sides"),
    ),
    el("h1", { tabindex: "-1" }, "Side by side"),
    el("p", { class: "muted" }, `${left.scenario}, the same world: seed ${left.seed}.`),
  );
  const heads = el("div", { class: "pair heads" }, pairHead(left), pairHead(right));
  const view = [head, heads, factorTable(left, right)];
  if (!records[0] || !records[1])
    return [...view, ...[left, right].filter((_, i) => !records[i]).map(elsewhere)];
  return [...view, ...pairRows(left, right, records)];
}

function pairHead(trial) {
  return el(
    "section",
    {},
    el("h2", {}, trial.subject),
    el("p", {}, trial.condition),
    el(
      "p",
      { class: "chips" },
      chip(trial.outcome, outcomeName(trial.outcome)),
      ...trial.behaviours.map((behaviour) => chip("behaviour", words(behaviour))),
    ),
    el("ul", {}, ...trial.findings.map((finding) => el("li", {}, finding.summary))),
  );
}

function factorTable(left, right) {
  const names = [...new Set([...Object.keys(left.factors), ...Object.keys(right.factors)])];
  const differing = names.filter((name) => left.factors[name] !== right.factors[name]);
  if (!differing.length) return el("p", { class: "muted" }, "Every factor has the same level in both.");
  return el(
    "table",
    { class: "cells factors-differ" },
    el(
      "thead",
      {},
      el("tr", {}, ...["What was changed", "Left", "Right"].map((name) => el("th", { scope: "col" }, name))),
    ),
    el(
      "tbody",
      {},
      ...differing.map((name) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, words(name)),
          ...[left, right].map((trial, i) =>
            el("td", { "data-label": i ? "Right" : "Left" }, trial.factors[name] ?? "not there"),
          ),
        ),
      ),
    ),
  );
}

const spokenAs = (message) =>
  JSON.stringify([
    message.role,
    message.phase,
    message.text,
    message.reasoning,
    message.tool_calls.map((call) => [call.name, call.arguments]),
  ]);

function pairRows(left, right, [one, two]) {
  const keys = [one, two].map((record) => record.messages.map(spokenAs));
  const pairs = aligned(keys[0], keys[1], (a, b) => a === b);
  const rows = besideEachOther(
    pairs,
    (i, j) =>
      one.messages[i].role === two.messages[j].role && one.messages[i].phase === two.messages[j].phase,
  );
  const nodes = [];
  let parted = false;
  let together = [];
  const close = () => {
    if (together.length) nodes.push(sameInBoth(together));
    together = [];
  };
  for (const [i, j, same] of rows) {
    if (same) {
      together.push(one.messages[i]);
      continue;
    }
    close();
    const [a, b] = [i === null ? null : one.messages[i], j === null ? null : two.messages[j]];
    if (!parted && [a, b].some((message) => message?.role === "assistant")) {
      parted = true;
      nodes.push(el("p", { class: "parting" }, "Here the two part"));
    }
    nodes.push(el("div", { class: "pair" }, pairMessage(a, b, left), pairMessage(b, a, right)));
  }
  close();
  if (rows.every(([, , same]) => same))
    nodes.unshift(el("p", { class: "callout" }, "The two conversations are the same, word for word."));
  return nodes;
}

function sameInBoth(messages) {
  const number = messages.length === 1 ? "1 message is" : `${messages.length} messages are`;
  return el(
    "details",
    { class: "same" },
    el("summary", {}, `${number} the same in both`),
    ...messages.map((message) =>
      el(
        "article",
        { class: `message ${message.role}` },
        el("header", {}, el("b", {}, speaker(message))),
        ...content(message, [], { system: true }),
      ),
    ),
  );
}

function pairMessage(message, other, trial) {
  if (!message) return el("div", { class: "message absent muted" }, "Nothing here");
  const found = trial.findings.filter((finding) => finding.message_ids.includes(message.id));
  return el(
    "article",
    { class: `message ${message.role} ${message.phase}${found.length ? " flagged" : ""}` },
    el(
      "header",
      {},
      el("b", {}, speaker(message)),
      message.turn === null ? null : el("span", { class: "muted" }, `turn ${message.turn}`),
    ),
    ...found.map((finding) =>
      el("p", { class: "flag" }, chip(finding.severity, words(finding.behaviour)), " ", finding.summary),
    ),
    message.reasoning
      ? el("details", {}, el("summary", {}, "Reasoning"), linesOf(message.reasoning, other?.reasoning ?? ""))
      : null,
    message.text ? linesOf(message.text, other?.text ?? "") : null,
    ...message.tool_calls.map((call, i) =>
      el(
        "div",
        { class: "call" },
        el("b", {}, call.name),
        linesOf(call.arguments, other?.tool_calls[i]?.arguments ?? ""),
      ),
    ),
    message.error ? el("p", { class: "tool-error" }, `Error: ${message.error}`) : null,
  );
}

// The text with the lines marked that the other lacks; long runs of common lines are left out.
function linesOf(text, other) {
  const lines = markedLines(text, other);
  const near = (i) => lines.slice(Math.max(0, i - 2), i + 3).some(([, differs]) => differs);
  const nodes = [];
  let left = 0;
  const skip = () => {
    if (left)
      nodes.push(
        el(
          "span",
          { class: "muted skipped" },
          `… ${left} ${left === 1 ? "line" : "lines"} as in the other …\n`,
        ),
      );
    left = 0;
  };
  for (const [i, [line, differs]] of lines.entries()) {
    if (!near(i) && lines.length > 8) {
      left++;
      continue;
    }
    skip();
    nodes.push(
      differs ? el("mark", { class: "differs" }, ...hidden(line)) : el("span", {}, ...hidden(line)),
      "\n",
    );
  }
  skip();
  return el("div", { class: "text" }, ...nodes);
}

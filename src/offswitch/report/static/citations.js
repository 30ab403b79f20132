// What is cited in a conversation: by findings, which are facts, and by judges, whose are opinions.

const opinionText = (opinion) =>
  opinion.answers === null ? "abstained" : opinion.answers.map(words).join(", ") || "none";

// What is cited of one message: the words, with who cites them.
function citedIn(message, number, trial, record) {
  const facts = trial.findings
    .filter((finding) => finding.message_ids.includes(message.id) && finding.quote)
    .map((finding) => ({
      text: finding.quote,
      kind: "fact",
      title: `${words(finding.behaviour)}, ${finding.severity}: ${finding.summary}`,
    }));
  const opinions = (record.opinions ?? []).flatMap((opinion) =>
    opinion.quotes
      .filter((_, i) => opinion.messages[i] === number)
      .map((text) => ({
        text,
        kind: "opinion",
        title: `${words(opinion.rubric)}: ${opinionText(opinion)}, as ${opinion.judge} reads it`,
      })),
  );
  return [...facts, ...opinions];
}

function opinionList(record) {
  const opinions = record?.opinions ?? [];
  if (!opinions.length) return null;
  return el(
    "section",
    { class: "opinions", "aria-label": "Judges" },
    el("h2", {}, "Judges say"),
    el("p", { class: "muted" }, "Opinions, kept apart from the findings above."),
    el("ul", {}, ...opinions.map((opinion) => opinionItem(opinion, record))),
  );
}

function opinionItem(opinion, record) {
  return el(
    "li",
    {},
    el("b", {}, words(opinion.rubric)),
    ": ",
    chip(opinion.answers === null ? "plain" : "opinion", opinionText(opinion)),
    " ",
    el(
      "span",
      { class: "muted" },
      `by ${opinion.judge}${opinion.reason ? `, ${words(opinion.reason)}` : ""}`,
    ),
    " ",
    ...opinion.quotes.map((_, i) =>
      jump(`citation ${i + 1}`, () => byData("message", record.messages[opinion.messages[i] - 1]?.id)),
    ),
    opinion.reasoning
      ? el(
          "details",
          {},
          el("summary", {}, "Reasoning"),
          el("div", { class: "text" }, ...hidden(opinion.reasoning)),
        )
      : null,
  );
}

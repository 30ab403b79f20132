// A conversation: what was said and called, as it stands in a message.

const LONG = 1800;

function inPhases(messages, node, heading = "h3") {
  const nodes = [];
  let interview = false;
  for (const message of messages) {
    if (message.phase === "interview" && !interview) {
      interview = true;
      nodes.push(
        el(
          "div",
          { class: "interview-start" },
          el(heading, {}, "Interview"),
          el("p", { class: "muted" }, "Asked after the work was over."),
        ),
      );
    }
    nodes.push(node(message));
  }
  return nodes;
}

// Reasoning, text, calls and error of a message, with quotes marked. open: { reasoning, system }.
function content(message, quotes, open = {}) {
  return [
    message.reasoning
      ? el(
          "details",
          { class: "reasoning", open: open.reasoning },
          el("summary", {}, "Reasoning"),
          textBlock(message.reasoning, quotes),
        )
      : null,
    message.text ? body(message, quotes, open.system) : emptyNote(message),
    ...message.tool_calls.map((call) => toolCall(call, quotes)),
    message.error ? el("p", { class: "tool-error" }, `Error: ${message.error}`) : null,
  ];
}

const quoted = (text, quotes) => quotes.some((quote) => quoteSpan(text, quote));

function speaker(message) {
  const names = { system: "System prompt", user: "User", assistant: "Subject", tool: "Tool result" };
  return message.phase === "interview" && message.role === "user" ? "Interviewer" : names[message.role];
}

function emptyNote(message) {
  return message.tool_calls.length || message.error || message.reasoning
    ? null
    : el("p", { class: "unknown" }, "(no text)");
}

function body(message, quotes, open) {
  if (message.role !== "system") return textBlock(message.text, quotes);
  return el(
    "details",
    { open: open && message.text.length <= LONG },
    el("summary", {}, `${message.text.length.toLocaleString()} characters`),
    textBlock(message.text, quotes, true),
  );
}

function textBlock(text, quotes, whole = false) {
  const block = el("div", { class: "text" }, ...richText(text, quotes));
  if (whole || text.length <= LONG || quoted(text, quotes)) return block;
  block.classList.add("folded");
  const button = el(
    "button",
    {
      type: "button",
      class: "jump",
      onclick: () => {
        block.classList.remove("folded");
        button.remove();
      },
    },
    `Show all ${text.length.toLocaleString()} characters`,
  );
  return el("div", {}, block, button);
}

function toolCall(call, quotes) {
  return el("div", { class: "call" }, el("b", {}, call.name), textBlock(call.arguments, quotes));
}

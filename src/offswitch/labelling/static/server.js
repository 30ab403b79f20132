// Talking to the server. Whatever goes wrong, the rater is told, and nothing is shown as saved.

class Refused extends Error {}

const GONE = "The server does not answer, so nothing more is saved. Start it again and open the address that it prints; what was saved before is safe.";

async function ask(path, sent) {
  const options = sent === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(sent),
  };
  const answer = await fetch(path, options).catch(() => { throw new Refused(GONE); });
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text);
  throw new Refused(answer.headers.get("content-type") === "application/json" ? JSON.parse(text).error : text);
}

const named = (path, rater) => `${path}?rater=${encodeURIComponent(rater)}`;

// Conversations by number; the next one is fetched while this one is read.
const read = new Map();

function conversationOf(rater, n) {
  if (!read.has(n)) {
    const asked = ask(named(`trials/${n}`, rater));
    asked.catch(() => read.delete(n)); // so that it is asked for again
    read.set(n, asked);
    if (read.size > 8) read.delete(read.keys().next().value);
  }
  return read.get(n);
}

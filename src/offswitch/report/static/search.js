// Searching: what stands in the index at once, and on request what was said in the conversations.

class Search {
  constructor(index) {
    this.index = index;
    this.texts = null;
    this.run = 0;
  }

  // A text for each row, made when it is first asked for.
  haystacks() {
    this.texts ??= this.index.id.map((id, row) => {
      const trial = trialAt(this.index, row);
      const found = trial.findings.flatMap((finding) => [finding.summary, finding.quote, finding.detector]);
      return [
        id,
        trial.subject,
        trial.scenario,
        trial.condition,
        `seed ${trial.seed}`,
        trial.error,
        ...trial.behaviours.map(words),
        ...found,
      ]
        .filter(Boolean)
        .join("\n")
        .toLowerCase();
    });
    return this.texts;
  }

  // A test of rows: every word stands in the texts of the index, in any order.
  inIndex(words) {
    const texts = this.haystacks();
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    return (row) => wanted.every((word) => texts[row].includes(word));
  }

  // The rows whose conversation or journal holds the text; null where another search has begun.
  async inConversations(text, onProgress) {
    const run = ++this.run;
    const wanted = text.toLowerCase();
    const rows = new Map(this.index.id.map((id, row) => [id, row]));
    const chunks = [...new Set(this.index.chunk)].filter((number) => number !== null);
    const found = new Set();
    for (const [done, number] of chunks.entries()) {
      const transcripts = await unpack(`chunk-${number}`);
      if (run !== this.run) return null;
      for (const [id, transcript] of Object.entries(transcripts)) {
        if (spoken(transcript).includes(wanted)) found.add(rows.get(id));
      }
      onProgress(done + 1, chunks.length);
    }
    return found;
  }
}

function spoken(transcript) {
  const said = transcript.messages.flatMap((message) => [
    message.text,
    message.reasoning,
    ...message.tool_calls.flatMap((call) => [call.name, call.arguments]),
  ]);
  return [...said, ...transcript.journal.map((entry) => entry.text)].filter(Boolean).join("\n").toLowerCase();
}

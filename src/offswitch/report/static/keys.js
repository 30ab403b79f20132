// Keys. Each does what a link or a button of the page does as well.

function onKeys(state) {
  const help = document.getElementById("help");
  const rel = (name) => state.page.querySelector(`a[rel="${name}"]`)?.getAttribute("href");
  const go = (target) => target && (location.hash = target);
  const inTrial = {
    Escape: () => go(state.backLink()),
    ArrowLeft: () => go(rel("prev")),
    ArrowRight: () => go(rel("next")),
    j: () => stepMarked(state.page, 1),
    k: () => stepMarked(state.page, -1),
    c: () => state.page.querySelector("#with")?.focus(),
  };
  const inList = {
    "/": () => state.form.elements.search.focus(),
    j: () => state.list.step(1),
    k: () => state.list.step(-1),
    ArrowDown: () => state.inList() && state.list.step(1),
    ArrowUp: () => state.inList() && state.list.step(-1),
    Escape: () => document.activeElement?.blur(),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.key === "?") return help.showModal();
    const act = (state.page.hidden ? inList : inTrial)[event.key];
    if (act && act() !== false) event.preventDefault();
  });
}

// Reveal the next place in the trial that something was found at, or that a judge cites.
function stepMarked(page, by) {
  const places = [...page.querySelectorAll(".message.flagged, .message:has(mark)")];
  if (!places.length) return false;
  const current = places.findIndex((place) => place.classList.contains("current"));
  const next = places[(current + by + places.length) % places.length] ?? places[0];
  places[current]?.classList.remove("current");
  next.classList.add("current");
  reveal(next);
  return true;
}

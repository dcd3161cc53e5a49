// The queue of guesses by keyboard: j and k go from one to the next, y and n answer, u takes the last answer back.
// Without this script the buttons do the same.
(() => {
  "use strict";

  const cards = [...document.querySelectorAll(".ob-match-card")];
  const here = () => document.activeElement?.closest?.(".ob-match-card");

  const go = (step) => {
    const at = cards.indexOf(here());
    const next = cards[Math.min(Math.max(at + step, 0), cards.length - 1)];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  };

  const send = (form) => {
    if (!form || form.dataset.sent) return;
    form.dataset.sent = "yes"; // a key held down answers once
    form.requestSubmit();
  };

  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const key = event.key.toLowerCase();
    if (key === "j") go(1);
    else if (key === "k") go(-1);
    else if (key === "u") send(document.querySelector("[data-undo]"));
    else if (key === "y" || key === "n") send((here() ?? cards[0])?.querySelector(`[data-key="${key}"]`));
    else return;
    event.preventDefault();
  });

  cards[0]?.focus({ preventScroll: true });
})();

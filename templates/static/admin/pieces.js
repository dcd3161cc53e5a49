// Pieces of an admin page that come after it: panels that ask a vendor, and the further pages of a timeline.
// Without this script the panels' links lead to the same pieces, and "Show older" to the same moments.
(() => {
  "use strict";

  const fetched = async (url) => {
    const options = { credentials: "same-origin", headers: { "X-Requested-With": "fetch" } };
    const reply = await fetch(url, options).catch(() => {
      throw new Error("The site cannot be reached.");
    });
    if (reply.redirected || !reply.ok) throw new Error(reply.redirected ? "You are logged out." : `Error ${reply.status}.`);
    return reply.text();
  };

  const fill = async (panel, url) => {
    panel.setAttribute("aria-busy", "true");
    panel.classList.add("ob-is-loading");
    try {
      panel.innerHTML = await fetched(url);
    } catch (error) {
      const again = document.createElement("a");
      again.className = "ob-button ob-small";
      again.href = `#${panel.id}`;
      again.dataset.again = url;
      again.textContent = "Try again";
      const words = document.createElement("p");
      words.textContent = `This could not be loaded. ${error.message}`;
      panel.replaceChildren(words, again);
    }
    panel.classList.remove("ob-is-loading");
    panel.removeAttribute("aria-busy");
  };

  const goOn = async (link) => {
    const place = link.closest("li");
    link.setAttribute("aria-busy", "true");
    try {
      const piece = document.createElement("template");
      piece.innerHTML = await fetched(link.dataset.piece);
      const first = piece.content.querySelector(".ob-moment");
      place.replaceWith(piece.content);
      if (first) {
        first.tabIndex = -1;
        first.focus({ preventScroll: true });
      }
    } catch {
      location.assign(link.href);
    }
  };

  document.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const again = event.target.closest("[data-again]");
    const further = event.target.closest("[data-piece]");
    if (!again && !further) return;
    event.preventDefault();
    if (again) fill(again.closest("[data-panel]"), again.dataset.again);
    else if (!further.hasAttribute("aria-busy")) goOn(further);
  });

  // What pops up beside a fact goes away with Escape, wherever the pointer is, until the fact is left.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll(".ob-fact:hover .ob-source, .ob-source:focus-within").forEach((source) => {
      source.classList.add("ob-is-dismissed");
      const back = () => source.classList.remove("ob-is-dismissed");
      source.closest(".ob-fact").addEventListener("mouseleave", back, { once: true });
      source.addEventListener("focusout", back, { once: true });
    });
  });

  document.querySelectorAll("[data-panel]").forEach((panel) => fill(panel, panel.dataset.panel));
})();

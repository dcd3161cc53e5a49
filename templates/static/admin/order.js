// Drag a card to another place of an ordered list: posts the form of the card's own move buttons with the new place.
// Without this script the buttons move it step by step.
(() => {
  "use strict";

  const list = document.querySelector("[data-order]");
  if (!list) return;
  let dragged = null;

  const cards = () => [...list.querySelectorAll(":scope > [data-place]")];

  const move = (card, place) => {
    const form = card.querySelector("form");
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "place", value: place });
    form.append(field);
    form.submit();
  };

  cards().forEach((card) => {
    const handle = card.querySelector("b");
    handle.draggable = true;
    handle.title = "Drag to another place";
    handle.addEventListener("dragstart", (event) => {
      dragged = card;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setDragImage(card, 20, 20);
      card.classList.add("ob-is-dragged");
    });
    handle.addEventListener("dragend", () => {
      card.classList.remove("ob-is-dragged");
      if (!dragged) return;
      dragged = null;
      const place = cards().indexOf(card) + 1;
      if (place !== Number(card.dataset.place)) move(card, place);
    });
    card.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      if (dragged === card) return;
      const box = card.getBoundingClientRect();
      if (event.clientY < box.top + box.height / 2) card.before(dragged);
      else card.after(dragged);
    });
    card.addEventListener("drop", (event) => event.preventDefault());
  });
})();

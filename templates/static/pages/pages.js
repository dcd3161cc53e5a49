// What makes the pages a little more comfortable. Each of them works without it.
"use strict";

// A form is sent once, however often the button is pressed.
for (const form of document.querySelectorAll("form[data-once]")) {
  let pressed;
  let words;
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    pressed = event.submitter || form.querySelector("button[type=submit]");
    words = pressed.textContent;
    pressed.setAttribute("aria-disabled", "true");
    pressed.textContent = pressed.dataset.busy || words;
  });
  // Back again, from the browser's memory: it may be sent anew.
  addEventListener("pageshow", () => {
    delete form.dataset.sent;
    if (!pressed) return;
    pressed.removeAttribute("aria-disabled");
    pressed.textContent = words;
  });
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const words = button.innerHTML;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source); // no clipboard without https: select it, the person copies
      button.textContent = "Selected";
    }
    setTimeout(() => (button.innerHTML = words), 2000);
  });
}

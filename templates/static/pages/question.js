// Sends the answer that was clicked in the mail, once somebody looks at the page. Without it there is the button.
"use strict";

const form = document.querySelector("form[data-sends-itself]");

function send() {
  if (form && document.visibilityState === "visible" && !form.dataset.sent) {
    document.removeEventListener("visibilitychange", send);
    form.requestSubmit();
  }
}

// Whoever comes back by the browser's arrow wants to change the answer, not to give it again.
const came = performance.getEntriesByType("navigation")[0];
if (!came || came.type === "navigate") {
  document.addEventListener("visibilitychange", send);
  send();
}

// Starts Google's tag, which the page loads only for visitors who agreed to it.
"use strict";

window.dataLayer = window.dataLayer || [];
function gtag() {
  window.dataLayer.push(arguments);
}
gtag("js", new Date());
const here = new URL(location.href);
here.searchParams.delete("email"); // an address is nothing for Google
gtag("config", document.currentScript.dataset.measurementId, { page_location: here.href });

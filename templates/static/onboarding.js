// Records page views and onboarding.track(name, properties) under an id in a first-party cookie. Its tag's attributes:
// data-key (a public key), data-api (where to report), data-consent="required" (nothing before onboarding.consent(true)),
// data-domain (one id on all of a domain's hosts).
(() => {
  "use strict";
  const script = document.currentScript;
  const { key, api, consent, domain } = script.dataset;
  const url = (api || new URL("/api/v1/actions", script.src)) + (key ? "?key=" + encodeURIComponent(key) : "");
  const MOST = 60000; // bytes a call: browsers send no more than 64 KiB from a page that is left
  const asksNot = [navigator.doNotTrack, window.doNotTrack].includes("1") || navigator.globalPrivacyControl;
  let isAllowed = consent !== "required" && !asksNot;
  let queue = [];
  let isSending = false;
  let wait = 1000;
  let timer;
  let page = "";

  const newId = () =>
    crypto.randomUUID?.() ?? // only on https
    "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) =>
      (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16),
    );

  const keep = (id, seconds) => {
    document.cookie =
      `anonymous_id=${id}; path=/; max-age=${seconds}; samesite=lax` +
      (domain ? `; domain=${domain}` : "") +
      (location.protocol === "https:" ? "; secure" : "");
  };

  const visitor = () => {
    const kept = /(?:^|; )anonymous_id=([0-9a-f-]{36})(?:;|$)/i.exec(document.cookie);
    const id = kept ? kept[1].toLowerCase() : newId();
    if (!kept) keep(id, 31536000);
    return id;
  };

  const record = (type, name, properties) => {
    if (!isAllowed) return;
    name = String(name).trim().replace(/\s+/g, " ").slice(0, 200).replace(/[\ud800-\udbff]$/, "");
    try {
      properties = JSON.parse(JSON.stringify(properties)); // as it is now
    } catch {
      properties = {}; // no JSON
    }
    const timestamp = new Date().toISOString();
    queue.push({ id: newId(), type, name: name || "Untitled", anonymous_id: visitor(), timestamp, properties });
    queue = queue.slice(-500);
    timer ??= setTimeout(send, 300);
  };

  // What of the queue goes into one call
  const parcel = (count = Math.min(queue.length, 50)) => {
    const body = JSON.stringify({ actions: queue.slice(0, count) });
    const { size } = new Blob([body]);
    return size > MOST && count > 1 ? parcel(count >> 1) : { count, body, size };
  };

  const send = async () => {
    timer = undefined;
    if (isSending || !queue.length) return;
    isSending = true;
    const { count, body, size } = parcel();
    const batch = queue.slice(0, count);
    try {
      // Text, so that browsers need not ask beforehand.
      const reply = await fetch(url, { method: "POST", body, keepalive: size <= MOST, credentials: "omit" });
      if (reply.status === 429 || reply.status >= 500) throw reply;
      queue = queue.filter((one) => !batch.includes(one));
      wait = 1000;
    } catch {
      wait = Math.min(wait * 2, 60000); // the same ids again: nothing is counted twice
    }
    isSending = false;
    if (queue.length) timer ??= setTimeout(send, wait);
  };

  const leave = () => {
    while (queue.length) {
      const { count, body } = parcel();
      if (!navigator.sendBeacon(url, body)) break;
      queue = queue.slice(count);
    }
  };

  const view = () => {
    const { href, pathname } = location;
    if (!isAllowed || href.split("#")[0] === page.split("#")[0]) return;
    const referrer = page || document.referrer;
    page = href;
    record("page", document.title || pathname, { url: href, path: pathname, title: document.title, referrer });
  };

  for (const method of ["pushState", "replaceState"]) {
    const original = history[method];
    history[method] = function (...args) {
      original.apply(this, args);
      setTimeout(view); // once the page has put its title
    };
  }
  addEventListener("popstate", () => setTimeout(view));
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());

  window.onboarding = {
    track: (name, properties = {}) => record("track", name, properties),
    consent: (isGiven) => {
      isAllowed = !!isGiven && !asksNot;
      if (isAllowed) return view();
      queue = [];
      page = "";
      keep("", 0);
    },
  };
  view();
})();

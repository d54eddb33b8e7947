// The customer's page keeps itself up to date. Without scripts it shows news when it is loaded again.
"use strict";
(() => {
  const script = document.currentScript;
  if (!window.EventSource || !window.fetch || !script) return;
  const source = new EventSource(script.dataset.live);
  source.addEventListener("news", async () => {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("main");
    const shown = document.querySelector("main");
    if (!fresh || !shown) return;
    // What the reader opened stays open.
    const open = [...shown.querySelectorAll("details")].map((each) => each.open);
    fresh.querySelectorAll("details").forEach((each, at) => { each.open = open[at] || false; });
    shown.replaceWith(fresh);
    document.title = page.title;
    const heading = fresh.querySelector("h1");
    document.getElementById("news").textContent = heading ? heading.textContent : "";
  });
})();

// An athlete's page: puts in what it shows of all athletes, without what is other athletes' own.
"use strict";
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details.printed")) part.open = true;
});
(() => {
  const group = globalThis.GROUP;
  if (!group) return;
  const name = document.getElementById("athlete").dataset.name;
  for (const place of document.querySelectorAll("[data-group]")) {
    const made = document.createElement("template");
    made.innerHTML = group[place.dataset.group];
    const content = made.content;
    for (const one of content.querySelectorAll("[data-of]")) {
      if (one.dataset.of !== name) one.remove();
    }
    for (const one of content.querySelectorAll("[data-if-own]")) {
      if (!one.querySelector("[data-of]")) one.remove();
    }
    if (place.dataset.group === "numbers" && !content.querySelector("[data-of]")) continue;
    if (place.dataset.group === "beside") place.parentElement.querySelector(".within").remove();
    for (const link of content.querySelectorAll(`a[href="${CSS.escape(name)}.html"]`)) link.setAttribute("aria-current", "page");
    place.hidden = false;
    place.replaceChildren(content);
  }
  for (const panel of document.querySelectorAll("[data-band][data-scaled=true]")) {
    const outline = group.band[panel.dataset.band];
    if (!outline) continue;
    const band = document.createElementNS("http://www.w3.org/2000/svg", "path");
    band.setAttribute("d", outline);
    band.setAttribute("class", "band");
    panel.prepend(band);
    document.querySelector("[data-band-note]").hidden = false;
  }
})();

// An athlete's page: puts in what it shows of all athletes, without what is other athletes' own.
"use strict";
(() => {
  const name = document.getElementById("athlete").dataset.name;
  for (const place of document.querySelectorAll("[data-group]")) {
    const made = document.createElement("template");
    made.innerHTML = globalThis.GROUP[place.dataset.group];
    const content = made.content;
    for (const one of content.querySelectorAll("[data-of]")) {
      if (one.dataset.of !== name) one.remove();
    }
    for (const one of content.querySelectorAll("[data-if-own]")) {
      if (!one.querySelector("[data-of]")) one.remove();
    }
    if (!content.querySelector("[data-of]")) continue;
    place.hidden = false;
    if (place.tagName === "LI") place.replaceWith(content);
    else place.replaceChildren(content);
  }
})();

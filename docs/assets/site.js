// What the theme forgets: the search has a name, an empty corner heads nothing, what is wide scrolls by keyboard.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
document.querySelectorAll("th:empty").forEach((corner) => corner.replaceWith(document.createElement("td")));
const reachable = () => document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset pre > code")
  .forEach((part) => part.setAttribute("tabindex", "0"));
addEventListener("load", () => setTimeout(reachable));

// What the theme forgets: an empty corner heads nothing, a switch of the menu has a name, what is wide scrolls by keyboard.
addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("th").forEach((corner) => {
    if (!corner.textContent.trim()) corner.replaceWith(document.createElement("td"));
  });
  document.querySelectorAll("summary").forEach((one) => one.setAttribute("aria-label", "Show or hide pages"));
  document.querySelectorAll("pre, .pst-scrollable-table-container").forEach((one) => one.setAttribute("tabindex", "0"));
});

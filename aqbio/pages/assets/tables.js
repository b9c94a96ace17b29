// Tables that can be sorted by a column and searched; what a link leads to is unfolded.
"use strict";
(() => {
  /** What a cell is sorted by: its number, else its words. */
  function key(row, column) {
    const text = row.cells[column].textContent.trim();
    const number = Number.parseFloat(text.replace("−", "-"));
    return Number.isNaN(number) ? text : number;
  }

  function order(one, other) {
    if (typeof one === typeof other && typeof one === "number") return one - other;
    return String(one).localeCompare(String(other), "en", { numeric: true });
  }

  function unfold() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (const fold of target.querySelectorAll(":scope > details")) fold.open = true;
    target.closest("details")?.setAttribute("open", "");
    target.scrollIntoView();
  }
  addEventListener("hashchange", unfold);
  unfold();

  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].map((row) => [key(row, column), row]);
        rows.sort((one, other) => (down ? -1 : 1) * order(one[0], other[0]));
        body.append(...rows.map(([, row]) => row));
      });
    });
  }

  for (const table of document.querySelectorAll("table.searchable")) {
    const search = document.createElement("input");
    search.type = "search";
    search.placeholder = "Search";
    search.setAttribute("aria-label", "Show only trials that contain these words");
    const count = document.createElement("span");
    count.className = "note";
    count.setAttribute("role", "status");
    const line = document.createElement("p");
    line.append(search, " ", count);
    table.closest(".scroll").before(line);
    const rows = [...table.tBodies[0].rows].map((row) => [row.textContent.toLowerCase(), row]);
    search.addEventListener("input", () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const [text, row] of rows) {
        row.hidden = !words.every((word) => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      count.textContent = words.length ? `${shown} of ${rows.length}` : "";
    });
  }
})();

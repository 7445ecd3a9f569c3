// SPDX-FileCopyrightText: 2026 The federation.adfs contributors
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";
(function () {
  const tables = Array.from(document.querySelectorAll("table.list"));
  const text = document.getElementById("find");
  const only = document.getElementById("only");
  const told = document.getElementById("told");
  if (tables.length === 0 || text === null) { return; }
  const rows = tables.flatMap(function (table) { return Array.from(table.tBodies[0].rows); });
  const words = new Map(rows.map(function (row) { return [row, row.textContent.toLowerCase()]; }));
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  document.getElementById("tools").hidden = false;
  function filter() {
    const wanted = text.value.toLowerCase();
    let left = 0;
    for (const row of rows) {
      row.hidden = !(words.get(row).includes(wanted) && (only.value === "" || row.dataset.kind === only.value || (only.value === "!" && row.dataset.well !== "1")));
      left += row.hidden ? 0 : 1;
    }
    told.textContent = left + " of " + rows.length + " shown";
  }
  text.addEventListener("input", filter);
  only.addEventListener("change", filter);
  filter();
  for (const table of tables) {
    const heads = Array.from(table.tHead.rows[0].cells);
    heads.forEach(function (head, column) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", function () {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) { other.removeAttribute("aria-sort"); }
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const sorted = Array.from(table.tBodies[0].rows).map(function (row) { return [row.cells[column].textContent, row]; });
        sorted.sort(function (a, b) { return (up ? 1 : -1) * order.compare(a[0], b[0]); });
        table.tBodies[0].append(...sorted.map(function (pair) { return pair[1]; }));
      });
    });
  }
  // What is cut is read on paper too; long lists of names are not, for they fill pages.
  let opened = [];
  addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("main details:not([open])")).filter(function (found) { return !found.matches(".whole, .many"); });
    for (const found of opened) { found.open = true; }
  });
  addEventListener("afterprint", function () { for (const found of opened) { found.open = false; } });
})();

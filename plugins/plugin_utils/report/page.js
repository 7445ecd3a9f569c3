// SPDX-FileCopyrightText: 2026 The federation.adfs contributors
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";
(function () {
  const table = document.getElementById("domains");
  if (!table) { return; }
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const text = document.getElementById("find");
  const only = document.getElementById("only");
  const told = document.getElementById("told");
  const order = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  document.getElementById("tools").hidden = false;
  function filter() {
    const wanted = text.value.toLowerCase();
    let left = 0;
    for (const row of rows) {
      row.hidden = !(row.textContent.toLowerCase().includes(wanted) && (only.value === "" || row.dataset.verdict === only.value || (only.value === "!" && row.dataset.well !== "1")));
      left += row.hidden ? 0 : 1;
    }
    told.textContent = left + " of " + rows.length + " shown";
  }
  text.addEventListener("input", filter);
  only.addEventListener("change", filter);
  filter();
  Array.from(table.tHead.rows[0].cells).forEach(function (head, column) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", function () {
      const up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) { other.removeAttribute("aria-sort"); }
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      rows.sort(function (a, b) { return (up ? 1 : -1) * order.compare(a.cells[column].textContent, b.cells[column].textContent); });
      body.append(...rows);
    });
  });
})();

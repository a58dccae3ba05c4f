/* Ways to look at a page: one marker everywhere, tables sorted and filtered, one of several
   figures. All of it is added by this script; without it, and in print, everything is shown.
   Each choice is part of the page's address, so that a view can be shared. */
(function () {
  "use strict";

  /* ---- the address ---------------------------------------------------- */

  const view = new URLSearchParams(window.location.search);

  function remember(name, value) {
    if (value) view.set(name, value); else view.delete(name);
    const query = view.toString();
    const address = window.location.pathname + (query && "?" + query) + window.location.hash;
    try { window.history.replaceState(null, "", address); } catch { /* the view still changes */ }
  }

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...children);
    return element;
  }

  function select(label, options, value, change) {
    const list = make("select", {});
    options.forEach(([text, key]) => list.append(new Option(text, key, false, key === value)));
    list.addEventListener("change", () => change(list.value));
    return make("label", { class: "evidence-choice" }, label + " ", list);
  }

  const text = (element) => element.textContent.replace(/\s+/g, " ").trim();

  /* ---- drawings: what they fade --------------------------------------- */

  const drawings = [];
  const shown = { highlight: "", sources: null };

  function show(drawing) {
    Object.entries(shown).forEach(([name, value]) => {
      try { drawing.signal(name, value); } catch { /* this drawing has no such choice */ }
    });
    drawing.runAsync();
  }

  document.addEventListener("evidence:drawn", (event) => {
    drawings.push(event.detail);
    show(event.detail);
  });

  /* ---- one marker across the page ------------------------------------- */

  function highlight(marker) {
    remember("marker", marker);
    shown.highlight = marker;
    document.querySelectorAll("tr[data-marker]").forEach((row) => {
      row.classList.toggle("evidence-highlight", row.dataset.marker === marker);
    });
    drawings.forEach(show);
  }

  function offerMarkers() {
    const rows = [...document.querySelectorAll("tr[data-marker]")];
    const markers = [...new Set(rows.map((row) => row.dataset.marker))];
    const first = document.querySelector("figure.evidence-figure, table.evidence-table");
    if (markers.length < 2 || !first) return;
    const wanted = markers.includes(view.get("marker")) ? view.get("marker") : "";
    const options = [["none", ""], ...markers.map((marker) => [marker, marker])];
    const choice = select("Highlight on this page:", options, wanted, highlight);
    const place = first.closest(".evidence-variants, .pst-scrollable-table-container") || first;
    place.before(make("div", { class: "evidence-tools" }, choice));
    if (wanted) highlight(wanted);
  }

  /* ---- tables --------------------------------------------------------- */

  // "MD −1.54 (95% CI ...)" sorts by MD, then by the number; other text as text.
  function sortKey(cell) {
    const found = text(cell).replace(/\u2212/g, "-").match(/^([A-Za-z]*) ?(-?\d[\d,]*(?:\.\d+)?)/);
    return found ? [found[1], Number(found[2].replace(/,/g, ""))] : [text(cell), -Infinity];
  }

  function compareCells(one, other) {
    const a = sortKey(one);
    const b = sortKey(other);
    return a[0].localeCompare(b[0], "en", { numeric: true }) || Math.sign(a[1] - b[1]) || 0;
  }

  function offerTable(table) {
    const name = table.id;
    const body = table.tBodies[0];
    const rows = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    if (!name || rows.length < 3) return;
    const titles = heads.map(text);
    const facets = JSON.parse(table.dataset.filters || "[]");
    const counted = titles.indexOf(table.dataset.countBy);
    const status = make("p", { class: "evidence-status", role: "status" });
    const bar = make("div", { class: "evidence-tools", role: "group" });
    bar.setAttribute("aria-label", "Filter and sort: " + text(table.caption.querySelector(".caption-text") || table.caption));

    function sort(order) {
      remember(name + ".sort", order);
      const column = titles.indexOf(order.replace(/^-/, ""));
      const sign = order.startsWith("-") ? -1 : 1;
      const sorted = [...rows];
      if (column >= 0) {
        sorted.sort((one, other) => sign * compareCells(one.cells[column], other.cells[column]));
      }
      body.append(...sorted);
      heads.forEach((head, index) => {
        if (index !== column) head.removeAttribute("aria-sort");
        else head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      });
      const list = bar.querySelector(".evidence-order select");
      if (list) list.value = order;
    }

    function filter() {
      const words = (view.get(name + ".find") || "").toLowerCase();
      rows.forEach((row) => {
        const groups = JSON.parse(row.dataset.facets || "{}");
        const fits = facets.every((facet) => {
          const wanted = view.get(name + "." + facet);
          return !wanted || groups[facet] === wanted;
        });
        row.hidden = !(fits && text(row).toLowerCase().includes(words));
      });
      const left = rows.filter((row) => !row.hidden);
      const filtered = left.length < rows.length;
      let message = (filtered ? left.length + " of " : "All ") + rows.length + " rows are shown";
      if (counted >= 0) {
        const counts = new Map();
        left.forEach((row) => {
          const value = text(row.cells[counted]).split(/[,;]/)[0];
          counts.set(value, (counts.get(value) || 0) + 1);
        });
        const parts = [...counts].sort((a, b) => b[1] - a[1]).map(([value, n]) => value + ": " + n);
        if (parts.length) message += ". " + titles[counted] + ": " + parts.join("; ");
      }
      status.textContent = message + ".";
      if (facets.length) {
        const sources = left.map((row) => row.dataset.source);
        shown.sources = filtered ? [...new Set(sources)] : null;
        drawings.forEach(show);
      }
    }

    heads.forEach((head, index) => {
      const button = make("button", { type: "button", class: "evidence-sort" }, titles[index]);
      button.addEventListener("click", () => {
        const ascending = head.getAttribute("aria-sort") === "ascending";
        sort((ascending ? "-" : "") + titles[index]);
      });
      head.replaceChildren(button);
    });
    // On a narrow screen the header row is gone, and this list takes its place.
    const orders = [["as printed", ""]];
    titles.forEach((title) => orders.push([title, title], [title + ", reversed", "-" + title]));
    const order = select("Sort by:", orders, view.get(name + ".sort") || "", sort);
    order.classList.add("evidence-order");
    bar.append(order);
    if (rows.length > 6) {
      const field = make("input", { type: "search", value: view.get(name + ".find") || "" });
      field.addEventListener("input", () => { remember(name + ".find", field.value); filter(); });
      bar.append(make("label", { class: "evidence-choice" }, "Rows with: ", field));
      facets.forEach((facet) => {
        const groups = rows.map((row) => JSON.parse(row.dataset.facets || "{}")[facet]);
        const options = [...new Set(groups.filter(Boolean))].sort().map((group) => [group, group]);
        const key = name + "." + facet;
        bar.append(select(facet + ":", [["all", ""], ...options], view.get(key) || "", (value) => {
          remember(key, value);
          filter();
        }));
      });
      bar.append(status);
      filter();
    }
    (table.closest(".pst-scrollable-table-container") || table).before(bar);
    if (view.get(name + ".sort")) sort(view.get(name + ".sort"));
    // A link to a row leads to the row, whatever was filtered.
    window.addEventListener("hashchange", () => {
      const row = document.getElementById(decodeURIComponent(window.location.hash.slice(1)));
      if (row && row.hidden && table.contains(row)) { row.hidden = false; row.scrollIntoView(); }
    });
  }

  /* ---- one of several figures ----------------------------------------- */

  function offerVariants(box) {
    const key = box.dataset.name;
    const panels = [...box.querySelectorAll(".evidence-variant")];
    const choices = panels.map((panel) => panel.dataset.choice);
    const group = make("fieldset", { class: "evidence-tools" });
    group.append(make("legend", {}, box.dataset.question));

    function choose(choice) {
      remember(key, choice === choices[0] ? "" : choice);
      panels.forEach((panel, index) => { panel.hidden = choices[index] !== choice; });
    }

    const wanted = choices.includes(view.get(key)) ? view.get(key) : choices[0];
    choices.forEach((choice) => {
      const button = make("input", { type: "radio", name: key, value: choice });
      button.checked = choice === wanted;
      button.addEventListener("change", () => choose(choice));
      group.append(make("label", { class: "evidence-choice" }, button, " " + choice));
    });
    box.prepend(group);
    choose(wanted);
  }

  document.querySelectorAll(".evidence-variants").forEach(offerVariants);
  offerMarkers();
  document.querySelectorAll("table.evidence-table").forEach(offerTable);
})();

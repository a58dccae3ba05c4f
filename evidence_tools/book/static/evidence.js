/* Three enhancements; without them every page is complete.
   1. A mention of a finding or source shows its card: on hover, on focus, on a first tap.
   2. A static drawing becomes an interactive one when it comes into view.
   3. A table can be sorted; a long one can be searched and filtered. */
(function () {
  "use strict";

  // The bundle lies beside this script, wherever the site is served from.
  const bundleAddress = new URL("vega-bundle.js", document.currentScript.src).href;

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...children);
    return element;
  }

  /* ---- cards ---------------------------------------------------------- */

  let shown = null; // { card, link }
  let closing = 0;

  function place(card, link) {
    const box = link.getClientRects()[0] || link.getBoundingClientRect();
    const room = document.documentElement.clientWidth - card.offsetWidth - 8;
    const below = box.bottom + 4;
    const fits = below + card.offsetHeight < window.innerHeight;
    const top = fits ? below : Math.max(4, box.top - card.offsetHeight - 4);
    card.style.left = Math.max(8, Math.min(box.left, room)) + window.scrollX + "px";
    card.style.top = top + window.scrollY + "px";
  }

  function open(link, source) {
    window.clearTimeout(closing);
    if (shown && shown.link === link) return;
    close();
    const card = source.cloneNode(true);
    card.id = "evidence-card-shown";
    document.body.append(card);
    place(card, link);
    card.addEventListener("pointerenter", () => window.clearTimeout(closing));
    card.addEventListener("pointerleave", closeSoon);
    shown = { card, link };
  }

  function close() {
    window.clearTimeout(closing);
    if (shown) shown.card.remove();
    shown = null;
  }

  // A moment to move the pointer from the mention onto its card (WCAG 1.4.13).
  function closeSoon() {
    window.clearTimeout(closing);
    closing = window.setTimeout(close, 250);
  }

  function offerCard(link) {
    const card = document.getElementById("card-" + decodeURIComponent(link.hash.slice(1)));
    if (!card) return;
    link.setAttribute("aria-describedby", card.id); // the hidden original, for screen readers
    const isMouse = (event) => event.pointerType === "mouse";
    let touched = false;
    link.addEventListener("pointerenter", (event) => { if (isMouse(event)) open(link, card); });
    link.addEventListener("pointerleave", (event) => { if (isMouse(event)) closeSoon(); });
    link.addEventListener("focus", () => open(link, card));
    link.addEventListener("blur", closeSoon);
    link.addEventListener("pointerdown", (event) => {
      touched = !isMouse(event) && !(shown && shown.link === link);
    });
    // A first tap shows the card, a second one follows the link.
    link.addEventListener("click", (event) => {
      if (touched) event.preventDefault();
      if (touched) open(link, card);
      touched = false;
    });
  }

  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  document.addEventListener("pointerdown", (event) => {
    if (shown && !shown.card.contains(event.target) && !shown.link.contains(event.target)) close();
  });

  /* ---- drawings ------------------------------------------------------- */

  let bundle = null;

  function loadBundle() {
    bundle = bundle || new Promise((resolve, reject) => {
      const script = make("script", { src: bundleAddress });
      script.onload = () => resolve(window.vegaEmbed);
      script.onerror = reject;
      document.head.append(script);
    });
    return bundle;
  }

  // Specifications are compressed: they repeat themselves tenfold.
  function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  }

  // A chart has a wide and a narrow drawing; the style sheet shows the one that fits.
  function enhance(drawing) {
    const chart = drawing.parentElement;
    const which = drawing.dataset.drawn;
    const stage = make("div", { "data-drawn": which, "aria-hidden": "true" });
    const dark = document.documentElement.dataset.theme === "dark";
    Promise.all([loadBundle(), unpack(chart.nextElementSibling.textContent)])
      .then(([embed, specs]) => embed(stage, specs[which], {
        actions: false,
        ast: true, // expressions are interpreted: no eval, as a strict Content-Security-Policy asks
        renderer: "svg",
        tooltip: { theme: dark ? "dark" : "light" },
      }))
      .then(() => {
        // Replaced only once the new drawing is complete: a reader never sees an empty box.
        drawing.replaceWith(stage);
        chart.dataset.enhanced = "true";
      })
      .catch(() => { chart.dataset.enhanced = "failed"; }); // the static drawing stays
  }

  /* ---- tables --------------------------------------------------------- */

  const text = (element) => element.textContent.replace(/\s+/g, " ").trim();

  // "MD −1.54 (95% CI ...)" sorts by MD, then by the number; other text as text.
  function sortKey(cell) {
    const found = text(cell).replace(/\u2212/g, "-").match(/^([A-Za-z]*) ?(-?\d[\d,]*(?:\.\d+)?)/);
    return found ? [found[1], Number(found[2].replace(/,/g, ""))] : [text(cell), -Infinity];
  }

  function compareCells(one, other) {
    const [a, b] = [sortKey(one), sortKey(other)];
    return a[0].localeCompare(b[0], "en", { numeric: true }) || Math.sign(a[1] - b[1]) || 0;
  }

  function offerSorting(table) {
    const [body] = table.tBodies;
    const heads = [...table.tHead.rows[0].cells];
    if (body.rows.length < 16) return; // shorter ones are seen at once
    heads.forEach((head, column) => {
      const button = make("button", { type: "button", class: "evidence-sort" }, text(head));
      button.addEventListener("click", () => {
        const sign = head.ariaSort === "ascending" ? -1 : 1;
        const by = (one, other) => sign * compareCells(one.cells[column], other.cells[column]);
        body.append(...[...body.rows].sort(by));
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.ariaSort = sign > 0 ? "ascending" : "descending";
      });
      head.replaceChildren(button);
    });
  }

  function offerFilters(table) {
    const rows = [...table.tBodies[0].rows];
    const heads = [...table.tHead.rows[0].cells];
    if (rows.length < 16) return;
    const bar = make("div", { class: "evidence-tools", role: "group", "aria-label": "Filter" });
    const status = make("p", { class: "evidence-status", role: "status" });
    const chosen = {};
    const field = make("input", { type: "search" });

    function filter() {
      const words = field.value.toLowerCase();
      rows.forEach((row) => {
        const fits = ([column, value]) => !value || text(row.cells[column]) === value;
        row.hidden = !Object.entries(chosen).every(fits) || !text(row).toLowerCase().includes(words);
      });
      status.textContent = rows.filter((row) => !row.hidden).length + " of " + rows.length + " rows";
    }

    field.addEventListener("input", filter);
    bar.append(make("label", {}, "Show rows with: ", field));
    heads.forEach((head, column) => {
      if (!head.classList.contains("evidence-filter")) return;
      const values = [...new Set(rows.map((row) => text(row.cells[column])))].sort();
      const list = make("select", {}, new Option("all", ""));
      values.forEach((value) => list.append(new Option(value || "none", value)));
      list.addEventListener("change", () => { chosen[column] = list.value; filter(); });
      bar.append(make("label", {}, text(head) + ": ", list));
    });
    bar.append(status);
    (table.closest(".pst-scrollable-table-container") || table).before(bar);
    filter();
    // A link to a row leads to the row, whatever was filtered.
    window.addEventListener("hashchange", () => {
      const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
      if (row && row.hidden) { row.hidden = false; row.scrollIntoView(); }
    });
  }

  /* ---- what is to fold, and open at first ------------------------------ */

  // sphinx-togglebutton would click beside the words that open it, and change those of another.
  document.querySelectorAll("div.toggle-shown:not(.admonition)").forEach((box) => {
    box.classList.remove("toggle-shown");
    document.addEventListener("DOMContentLoaded", () => {
      if (box.parentElement.tagName === "DETAILS") box.previousElementSibling.click();
    });
  });

  /* ---- all of a page -------------------------------------------------- */

  document.querySelectorAll(".evidence-ref > a").forEach(offerCard);
  document.querySelectorAll("table.evidence-table").forEach((table) => {
    offerFilters(table);
    offerSorting(table);
    table.querySelectorAll("td").forEach((cell) => cell.toggleAttribute("data-blank", cell.textContent.trim() === "–"));
  });
  if ("IntersectionObserver" in window && "DecompressionStream" in window) {
    const seen = new IntersectionObserver((entries) => {
      entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
        seen.unobserve(entry.target);
        enhance(entry.target);
      });
    }, { rootMargin: "200px" });
    document.querySelectorAll(".evidence-chart > [data-drawn]").forEach((one) => seen.observe(one));
  }
})();

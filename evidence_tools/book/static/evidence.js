/* Two enhancements; without them every page is complete.
   1. A mention of a finding or source shows its card: on hover, on focus, on a first tap.
   2. A static drawing becomes an interactive one when it comes into view. */
(function () {
  "use strict";

  // The bundle lies beside this script, wherever the site is served from.
  const bundleAddress = new URL("vega-bundle.js", document.currentScript.src).href;

  /* ---- cards ---------------------------------------------------------- */

  let shown = null; // { card, link }
  let closing = 0;

  function cardOf(link) {
    const mention = link.closest(".evidence-ref");
    return mention && document.getElementById("card-" + mention.dataset.key);
  }

  function place(card, link) {
    const box = link.getClientRects()[0] || link.getBoundingClientRect();
    const room = document.documentElement.clientWidth - card.offsetWidth - 8;
    const left = Math.max(8, Math.min(box.left, room));
    const below = box.bottom + 4;
    const fits = below + card.offsetHeight < window.innerHeight;
    const top = fits ? below : Math.max(4, box.top - card.offsetHeight - 4);
    card.style.left = left + window.scrollX + "px";
    card.style.top = top + window.scrollY + "px";
  }

  function open(link) {
    window.clearTimeout(closing);
    const source = cardOf(link);
    if (!source || (shown && shown.link === link)) return;
    close();
    const card = source.cloneNode(true);
    card.id = "evidence-card-shown";
    document.body.append(card);
    place(card, link);
    card.addEventListener("pointerenter", function () { window.clearTimeout(closing); });
    card.addEventListener("pointerleave", closeSoon);
    shown = { card: card, link: link };
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

  function startCards() {
    document.querySelectorAll(".evidence-ref > a").forEach(function (link) {
      const card = cardOf(link);
      if (!card) return;
      // The hidden original describes the link to a screen reader.
      link.setAttribute("aria-describedby", card.id);
      let touched = false;
      link.addEventListener("pointerenter", function (event) {
        if (event.pointerType === "mouse") open(link);
      });
      link.addEventListener("pointerleave", function (event) {
        if (event.pointerType === "mouse") closeSoon();
      });
      link.addEventListener("focus", function () { open(link); });
      link.addEventListener("blur", closeSoon);
      link.addEventListener("pointerdown", function (event) {
        touched = event.pointerType !== "mouse" && !(shown && shown.link === link);
      });
      // A first tap shows the card, a second one follows the link.
      link.addEventListener("click", function (event) {
        if (touched) {
          event.preventDefault();
          open(link);
        }
        touched = false;
      });
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") close();
    });
    document.addEventListener("pointerdown", function (event) {
      if (shown && !shown.card.contains(event.target) && !shown.link.contains(event.target)) close();
    });
  }

  /* ---- drawings ------------------------------------------------------- */

  let bundle = null;

  function loadBundle() {
    bundle = bundle || new Promise(function (resolve, reject) {
      const script = document.createElement("script");
      script.src = bundleAddress;
      script.onload = function () { resolve(window.vegaEmbed); };
      script.onerror = reject;
      document.head.append(script);
    });
    return bundle;
  }

  // Specifications are compressed: they repeat themselves tenfold.
  function unpack(text) {
    const bytes = Uint8Array.from(atob(text), function (letter) { return letter.charCodeAt(0); });
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
  }

  // A chart has a wide and a narrow drawing; the style sheet shows the one that fits.
  function enhance(drawing) {
    const chart = drawing.parentElement;
    const data = chart.parentElement.querySelector(".evidence-spec");
    if (!data) return;
    chart.dataset.enhanced = "begun";
    const stage = document.createElement("div");
    stage.dataset.drawn = drawing.dataset.drawn;
    // The chart has one text alternative; its marks would only repeat it piece by piece.
    stage.setAttribute("aria-hidden", "true");
    Promise.all([loadBundle(), unpack(data.textContent)])
      .then(function ([embed, specs]) {
        return embed(stage, specs[drawing.dataset.drawn], {
          actions: false,
          renderer: "svg",
          tooltip: { theme: document.documentElement.dataset.theme === "dark" ? "dark" : "light" },
        });
      })
      .then(function (drawn) {
        // Replaced only once the new drawing is complete: a reader never sees an empty box.
        drawing.replaceWith(stage);
        chart.dataset.enhanced = "true";
        // evidence-views.js tells the drawing what to highlight.
        chart.dispatchEvent(new CustomEvent("evidence:drawn", { bubbles: true, detail: drawn.view }));
      })
      .catch(function () {
        chart.dataset.enhanced = "failed"; // the static drawing stays
      });
  }

  function startCharts() {
    // The drawing that is hidden never comes into view, until there is more or less room.
    const drawings = document.querySelectorAll(".evidence-chart > [data-drawn]");
    if (!("IntersectionObserver" in window && "DecompressionStream" in window)) return;
    const observer = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) {
          observer.unobserve(entry.target);
          enhance(entry.target);
        }
      });
    }, { rootMargin: "200px" });
    drawings.forEach(function (drawing) { observer.observe(drawing); });
  }

  function start() {
    startCards();
    startCharts();
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();

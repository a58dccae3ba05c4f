/* Two small enhancements; without them every page is complete.
   1. A static drawing becomes an interactive one when it comes into view.
   2. Escape closes a hover card (WCAG 1.4.13). */
(function () {
  "use strict";

  // The bundle lies beside this script, wherever the site is served from.
  const bundleAddress = new URL("vega-bundle.js", document.currentScript.src).href;
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

  function enhance(chart) {
    const data = chart.parentElement.querySelector(".evidence-spec");
    if (!data || chart.dataset.enhanced) return;
    chart.dataset.enhanced = "true";
    const drawing = chart.querySelector("svg");
    const stage = document.createElement("div");
    loadBundle()
      .then(function (embed) {
        return embed(stage, JSON.parse(data.textContent), { actions: false, renderer: "svg" });
      })
      .then(function () {
        // Replaced only once the new drawing is complete: a reader never sees an empty box.
        chart.replaceChildren(stage);
      })
      .catch(function () {
        chart.replaceChildren(drawing);
      });
  }

  function start() {
    const charts = document.querySelectorAll(".evidence-chart");
    const observer = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) {
          observer.unobserve(entry.target);
          enhance(entry.target);
        }
      });
    }, { rootMargin: "200px" });
    charts.forEach(function (chart) { observer.observe(chart); });

    document.addEventListener("keydown", function (event) {
      if (event.key !== "Escape") return;
      document.querySelectorAll(".evidence-ref:hover, .evidence-ref:focus-within")
        .forEach(function (reference) { reference.classList.add("evidence-closed"); });
    });
    ["pointerleave", "focusout"].forEach(function (name) {
      document.addEventListener(name, function (event) {
        const reference = event.target.closest && event.target.closest(".evidence-ref");
        if (reference) reference.classList.remove("evidence-closed");
      }, true);
    });
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();

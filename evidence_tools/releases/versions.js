window.evidenceVersions = <<versions>>;
/* Pages of 1.1.0 and before leave their notice to this script; later ones have their own. */
(function () {
  "use strict";
  const banner = document.getElementById("bd-header-version-warning");
  const own = typeof DOCUMENTATION_OPTIONS === "undefined" ? "" : DOCUMENTATION_OPTIONS.VERSION;
  const [newest] = window.evidenceVersions;
  if (!banner || !own || own === newest.version) return;
  if (document.querySelector(".evidence-old-version")) return;
  const link = document.createElement("a");
  link.href = new URL(newest.url + "index.html", document.currentScript.src).href;
  link.textContent = "Go to version " + newest.version;
  const text = document.createElement("p");
  text.append("This is version " + own + ", not the newest. ", link);
  banner.replaceChildren(text);
  banner.classList.remove("d-none");
  banner.parentElement.classList.remove("d-none");
  banner.parentElement.classList.add("evidence-banner-shown");
})();

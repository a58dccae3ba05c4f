/* A published copy, v/1.0.0/..., lies beside a list of all versions: name them in the header. */
(function () {
  "use strict";
  const own = new URL("..", document.currentScript.src).href;
  const [, site] = /^(.*\/)v\/[^/]+\/$/.exec(own) || [];
  const box = document.querySelector(".evidence-versions");
  if (!site || !box) return;
  const page = location.href.split(/[?#]/)[0].slice(own.length).replace(/\.html$/, "");
  const script = document.createElement("script");
  script.src = site + "versions.js";
  script.onload = function () {
    const [newest] = window.evidenceVersions;
    const address = (entry) =>
      site + entry.url + (entry.pages.includes(page) ? page : "index") + ".html" + location.hash;
    window.evidenceVersions.forEach(function (entry) {
      const link = document.createElement("a");
      link.href = address(entry);
      link.textContent = entry.version + (entry === newest ? " (newest)" : "");
      if (entry.version === box.dataset.version) link.setAttribute("aria-current", "true");
      const item = document.createElement("li");
      item.append(link);
      box.lastElementChild.append(item);
    });
    box.hidden = false;
    const notice = document.querySelector(".evidence-old-version");
    if (notice && newest.version !== box.dataset.version) {
      notice.querySelector("a").href = address(newest);
      notice.style.display = "block";
    }
  };
  document.head.append(script);
})();

// A published copy: the list of all versions lies beside the version folders.
(function () {
  "use strict";
  const root = new URL("..", document.currentScript.src);
  const up = /\/v\/[^/]+\/$/.test(root.pathname) ? "../../" : "../";
  const script = document.createElement("script");
  script.src = new URL(up + "versions.js", root).href;
  document.head.append(script);
})();

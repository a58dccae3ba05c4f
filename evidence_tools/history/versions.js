/* Which versions there are, and what each page does with it: the theme's version switcher lists
   them, and a page of an old version says so. Written by `evidence publish`; a script and not
   JSON, because a page opened from a folder may run scripts but not fetch files. */
(function () {
  "use strict";
  const versions = /* versions */ [];
  const site = new URL(".", document.currentScript.src).href;
  const here = typeof DOCUMENTATION_OPTIONS === "undefined" ? {} : DOCUMENTATION_OPTIONS;

  // The page's name follows from its own address: chapters/markers.
  const place = location.href.split(/[?#]/)[0].replace(site, "");
  const name = (/^(?:v\/[^/]+|latest)\/(.*)\.html$/.exec(place) || [])[1];

  function address(entry) {
    const page = entry.pages.includes(name) ? name : "index";
    return site + entry.url + page + ".html";
  }

  function link(text, href, classes) {
    const anchor = document.createElement("a");
    anchor.textContent = text;
    anchor.href = href;
    anchor.className = classes;
    // A reader of one finding stays with it in the other version.
    anchor.addEventListener("click", function () { anchor.href = href + location.hash; });
    return anchor;
  }

  function older(one, other) {
    const a = one.split(".").map(Number);
    const b = other.split(".").map(Number);
    const at = [0, 1, 2].find(function (index) { return a[index] !== b[index]; });
    return at !== undefined && a[at] < b[at];
  }

  const newest = versions[0];

  // The banner stands above the page; who follows a link to one finding sees only the header.
  function ownVersion() {
    const old = older(here.VERSION, newest.version) ? " (older)" : "";
    return "Version " + here.VERSION + old;
  }

  function fillSwitcher() {
    document.querySelectorAll(".version-switcher__button").forEach(function (button) {
      button.textContent = ownVersion() + " \u25be";
      makeToggle(button);
      button.setAttribute("aria-label", ownVersion() + ", choose another");
    });
    document.querySelectorAll(".version-switcher__menu").forEach(function (menu) {
      versions.forEach(function (entry, index) {
        const mark = index === 0 ? " (newest)" : "";
        const item = link(entry.version + mark, address(entry),
          "dropdown-item list-group-item list-group-item-action py-1");
        item.setAttribute("role", "option");
        const own = entry.version === here.VERSION;
        item.classList.toggle("active", own);
        item.setAttribute("aria-selected", String(own));
        menu.append(item);
      });
      menu.parentElement.classList.add("evidence-versions-known");
    });
  }

  /* Opens and closes a menu by itself: a page need not load the theme's script for that. */
  function makeToggle(button) {
    const menu = document.getElementById(button.getAttribute("aria-controls"));
    if (!menu) return;
    button.removeAttribute("data-bs-toggle");
    function open(wanted) {
      menu.classList.toggle("show", wanted);
      button.setAttribute("aria-expanded", String(wanted));
    }
    open(false);
    button.addEventListener("click", function () { open(!menu.classList.contains("show")); });
    document.addEventListener("click", function (event) {
      if (!menu.parentElement.contains(event.target)) open(false);
    });
    menu.parentElement.addEventListener("keydown", function (event) {
      if (event.key !== "Escape") return;
      open(false);
      button.focus();
    });
  }

  function showBanner() {
    const banner = document.getElementById("bd-header-version-warning");
    if (!banner || !older(here.VERSION, newest.version)) return;
    const own = versions.find(function (entry) { return entry.version === here.VERSION; });
    const text = document.createElement("p");
    text.textContent = "This is version " + here.VERSION + (own ? " of " + own.date : "") +
      ". The newest is version " + newest.version + " of " + newest.date + ". ";
    text.append(link("Go to version " + newest.version, address(newest), ""));
    banner.replaceChildren(text);
    banner.classList.remove("d-none");
    // The theme hides the frame of its banners until it has measured them.
    const frame = banner.parentElement;
    frame.classList.remove("d-none");
    frame.classList.add("evidence-banner-shown");
  }

  function start() {
    if (!here.VERSION || !versions.length) return;
    fillSwitcher();
    showBanner();
  }

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();

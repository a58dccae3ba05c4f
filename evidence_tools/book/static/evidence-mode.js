// Before the page is drawn: the reader's choice of light or dark.
{
  const root = document.documentElement;
  let kept = {};
  try { kept = localStorage; } catch { /* pages from a folder may have no storage */ }
  root.dataset.mode = kept.mode || "auto";
  root.dataset.theme = kept.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

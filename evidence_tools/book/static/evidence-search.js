// Excerpts show sentences, not buttons. From a folder on disk a page cannot fetch others: no excerpts.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
Search.htmlToText = (text, anchor) => {
  const page = new DOMParser().parseFromString(text, "text/html");
  const article = page.querySelector("article");
  article.querySelectorAll(".headerlink, .evidence-cards, .evidence-download, script, svg, summary, details.hide")
    .forEach((part) => part.remove());
  return ((anchor && article.querySelector(anchor)) || article).textContent;
};
// Words are searched by their stems, "bodi" for "body": without the last letter they are in the text.
const summary = Search.makeSearchSummary;
Search.makeSearchSummary = (text, words, anchor) =>
  summary(text, [...words].map((word) => word.replace(/i$/, "")), anchor);

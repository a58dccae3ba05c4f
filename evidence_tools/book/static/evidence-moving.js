// Charts of other libraries: the page has their data, and names the scripts that draw them.
const draw = {
  "evidence-plotly": (box, chart) => Plotly.newPlot(box, chart.data, chart.layout, { responsive: true, displaylogo: false }),
  "evidence-bokeh": (box, chart) => {
    for (const [root, id] of chart.items.flatMap((item) => Object.entries(item.roots))) {
      const place = box.appendChild(Object.assign(document.createElement("div"), { id }));
      place.dataset.rootId = root;
    }
    return Bokeh.embed.embed_items(chart.documents, chart.items);
  },
};
const loaded = {};
const load = (src) => loaded[src] ??= new Promise((done) => {
  document.head.append(Object.assign(document.createElement("script"), { src, onload: done }));
});
for (const box of document.querySelectorAll("[data-scripts]")) {
  const drawn = () => draw[box.className](box, JSON.parse(box.querySelector("script").textContent));
  box.dataset.scripts.split(" ").reduce((before, src) => before.then(() => load(src)), Promise.resolve()).then(drawn);
}

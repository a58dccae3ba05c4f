// Charts of other libraries: the page has their data, and the script before this one draws them.
const draw = {
  "evidence-plotly": (box, chart) => Plotly.newPlot(box, chart.data, chart.layout, { responsive: true }),
  "evidence-bokeh": (_, chart) => Bokeh.embed.embed_items(chart.documents, chart.items),
};
for (const box of document.querySelectorAll(".evidence-plotly, .evidence-bokeh")) {
  draw[box.className](box, JSON.parse(box.querySelector("script").textContent));
}

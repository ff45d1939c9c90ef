/** Width of a figure in pixels below which names stand above their lines. */
const NARROW = 640;
/** Height of the plot, its axis and titles included, in a figure with a legend below. */
const PLOT_HEIGHT = 520;
/** Height of the horizontal axis: numbers and title. */
const AXIS_HEIGHT = 60;
/** Height that Plotly may give a legend before its rows are counted. */
const TALL = 2000;

function isNarrow(place) {
  return place.clientWidth < NARROW;
}

function shownLayout(place, figure) {
  const height = figure.layout.showlegend ? TALL : figure.layout.height;
  return {...figure.layout, ...(isNarrow(place) ? figure.narrow : {}), height};
}

/** Makes room for all rows of the legend: how many there are depends on the width. */
function fitLegend(place) {
  const legend = place.querySelector(".legend > .bg");
  if (!legend) return;
  const rows = Math.ceil(legend.getBBox().height);
  const height = PLOT_HEIGHT + rows;
  if (Math.abs(height - place.layout.height) <= 1) return;
  place.style.height = `${height}px`;
  Plotly.relayout(place, {height, "margin.b": rows + AXIS_HEIGHT});
}

async function draw(place, figure) {
  await Plotly.newPlot(place, figure.data, shownLayout(place, figure), figure.config);
  place.on("plotly_afterplot", () => fitLegend(place));
  fitLegend(place);
}

for (const place of document.querySelectorAll("figure > div[data-figure]")) {
  const text = document.getElementById(place.dataset.figure).textContent;
  let wasNarrow = isNarrow(place);
  draw(place, JSON.parse(text));
  window.addEventListener("resize", () => {
    if (isNarrow(place) === wasNarrow) return;
    wasNarrow = isNarrow(place);
    draw(place, JSON.parse(text));
  });
}

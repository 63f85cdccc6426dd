// Begin: draw what is in sight, follow the address, listen.

const timelineElement = document.getElementById("timeline");
const inSight = new Set();
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) inSight.add(entry.target);
    else inSight.delete(entry.target);
  }
  paintSoon();
}, {rootMargin: "400px"});

function watchChart(element) {
  const measure = run.measures[Number(element.dataset.measure)];
  watcher.observe(element);
  gestures(element, () => frame(element.clientWidth, CAPTION));
  drawMeasure(element, measure);
  painters.push(() => { if (inSight.has(element)) drawMeasure(element, measure); });
}

painters.push(() => { if (inSight.has(timelineElement)) drawTimeline(timelineElement); }, paintMoment);
watcher.observe(timelineElement);
gestures(timelineElement, () => frame(timelineElement.clientWidth, 0));
timelineElement.addEventListener("keydown", keys);
drawTimeline(timelineElement);
for (const element of document.querySelectorAll("figure .chart")) watchChart(element);

for (const details of document.querySelectorAll("details[data-measure]")) {
  const measure = run.measures[Number(details.dataset.measure)];
  details.querySelector(".drawn").innerHTML = sparkline(measure);
  details.addEventListener("toggle", () => {
    if (details.querySelector("figure")) return;
    const figure = document.createElement("figure");
    const number = details.dataset.measure;
    figure.innerHTML = `<figcaption><output data-measure="${number}"></output></figcaption>` +
      `<div class="chart" data-measure="${number}"></div>`;
    details.append(figure);
    watchChart(figure.querySelector(".chart"));
    paintSoon();
  });
}

const tools = document.querySelector(".tools");
tools.hidden = false;
tools.addEventListener("click", (event) => {
  const middle = view.at ?? (view.from + view.to) / 2;
  const does = {
    back: () => step(false),
    on: () => step(true),
    in: () => zoom(0.5, middle),
    out: () => zoom(2, middle),
    whole: () => show(0, END_S),
  }[event.target.dataset.does];
  if (does) does();
});

function drawAll() {
  drawTimeline(timelineElement);
  for (const element of document.querySelectorAll(".chart[data-measure]")) {
    drawMeasure(element, run.measures[Number(element.dataset.measure)]);
  }
}

new ResizeObserver(paintSoon).observe(timelineElement);
addEventListener("beforeprint", drawAll);
addEventListener("hashchange", () => { if (follow()) document.getElementById("charts").scrollIntoView(); });
follow();
paintSoon();

// A measure: the band of its true values against its limits, and what the monitor saw when it fired.

const MEASURE_HIGH = 150;
const CAPTION = 220; // beside a chart, as wide as the style makes it
const DASHES = {info: "1 3", warning: "2 3", high: "7 4", critical: ""};
const segmentsOf = new Map();

// Stretches [begins, ends, smallest, largest] of a measure, taken apart once.
function segments(measure) {
  let known = segmentsOf.get(measure);
  if (!known) {
    known = [];
    const {runs, step_s: step} = measure;
    for (let place = 0; place + 3 < runs.length; place += 3) {
      if (runs[place + 1] !== null) known.push([runs[place] * step, runs[place + 3] * step, runs[place + 1], runs[place + 2]]);
    }
    segmentsOf.set(measure, known);
  }
  return known;
}

function bandPath(box, drawn, y) {
  const paths = [];
  let top = "";
  let back = "";
  let last = null;
  const close = () => { if (top) paths.push(`${top}${back}z`); };
  for (const [begins, ends, low, high] of drawn) {
    const left = toX(box, Math.max(begins, view.from)).toFixed(1);
    const right = toX(box, Math.min(ends, view.to)).toFixed(1);
    if (last !== begins) {
      close();
      top = `M${left} ${y(high)}`;
      back = "";
    } else {
      top += `V${y(high)}`;
    }
    top += `H${right}`;
    back = `L${right} ${y(low)}H${left}${back}`;
    last = ends;
  }
  close();
  return paths.join("");
}

function shownBounds(measure, high) {
  const bounds = measure.bounds;
  return bounds.filter(([, bound]) => bound === bounds[0][1] || measure.below || bound <= high * 3);
}

function drawMeasure(element, measure) {
  const width = element.clientWidth;
  if (!width) return;
  const box = frame(width, CAPTION);
  const [top, bottom] = [16, MEASURE_HIGH - 22];
  const drawn = segments(measure).filter(([begins, ends]) => ends > view.from && begins < view.to);
  const said = (measure.said ?? []).filter(([at]) => at >= view.from && at <= view.to);
  const lows = drawn.map((one) => one[2]).concat(said.map((one) => one[1]));
  const highs = drawn.map((one) => one[3]).concat(said.map((one) => one[1]));
  const bounds = shownBounds(measure, Math.max(...highs, -Infinity));
  let [low, high] = [Math.min(...lows, ...bounds.map((one) => one[1])), Math.max(...highs, ...bounds.map((one) => one[1]))];
  if (!Number.isFinite(low)) [low, high] = [0, 1];
  const margin = (high - low) * 0.06 || Math.abs(high) * 0.01 || 1;
  const y = (value) => Number((bottom - ((value - low + margin) / (high - low + 2 * margin)) * (bottom - top)).toFixed(1));
  const parts = run.injections.map((one) => shade(box, one, top, bottom));
  parts.push(timeAxis(box, top, bottom));
  for (const value of valueTicks(low - margin, high + margin, 4)) {
    parts.push(`<path class="grid" d="M${box.left} ${y(value)}H${box.right}"/>` +
      `<text class="tick" x="${box.left - 5}" y="${y(value) + 4}" text-anchor="end">${short(value)}</text>`);
  }
  parts.push(`<path class="truth" d="${bandPath(box, drawn, y)}"/>`, boundLines(box, measure, bounds, y));
  let lastDue = -Infinity;
  for (const [at, severity] of measure.due ?? []) {
    if (at < view.from || at > view.to) continue;
    const x = toX(box, at);
    const text = x - lastDue > 40 ? `<text class="tick" x="${x.toFixed(1)}" y="8" text-anchor="middle">due</text>` : "";
    if (text) lastDue = x;
    parts.push(`<path class="due" d="M${(x - 4).toFixed(1)} 10h8l-4 7z"><title>${severity} due ${clock(at)}</title></path>${text}`);
  }
  for (const [at, value, severity, isFalse] of said) {
    const x = toX(box, at).toFixed(1);
    const says = `${isFalse ? "false alarm: " : ""}${severity} fired ${clock(at)} at ${exact(value)} ${measure.unit}`;
    parts.push(`<path class="fired ${severity}" d="M${x} ${top}V${bottom}"/>` +
      `<circle class="${isFalse ? "false_alarm" : `firing ${severity}`}" cx="${x}" cy="${y(value)}" r="4">` +
      `<title>${escaped(says)}</title></circle>`);
  }
  parts.push(cursorLine(box, top, bottom));
  const label = `truth of ${measure.title} ${measure.asset} against its limits`;
  element.innerHTML = `<svg role="img" aria-label="${escaped(label)}" viewBox="0 0 ${width} ${MEASURE_HIGH}">${parts.join("")}</svg>`;
}

// Limits, each named at the end of its line; names that would lie on one another are moved apart.
function boundLines(box, measure, bounds, y) {
  let free = Infinity;
  const ordered = [...bounds].sort((one, other) => y(other[1]) - y(one[1]));
  return ordered.map(([severity, bound]) => {
    const at = y(bound);
    const textAt = Math.min(box.narrow ? at - 3 : at + 4, free);
    free = textAt - 12;
    const says = `${severity} ${measure.below ? "below" : "above"} ${exact(bound)} ${measure.unit}`;
    const place = box.narrow ? `x="${box.right}" text-anchor="end"` : `x="${box.right + 5}"`;
    return `<path class="bound ${severity}" stroke-dasharray="${DASHES[severity] ?? "4 3"}" d="M${box.left} ${at}H${box.right}">` +
      `<title>${says}</title></path><text class="tick" ${place} y="${textAt}">${severity} ${short(bound)}</text>`;
  }).join("");
}

// What was true at the moment, in words.
function valueAt(measure, at) {
  const found = segments(measure).find(([begins, ends]) => begins <= at && at < ends) ??
    segments(measure).find(([, ends]) => at === END_S && ends >= at);
  if (!found) return "no value";
  const [begins, ends, low, high] = found;
  const range = low === high ? exact(low) : `${exact(low)} to ${exact(high)}`;
  const beyond = measure.bounds.filter(([, bound]) => (measure.below ? low < bound : high > bound)).map(([severity]) => severity);
  const wide = Math.min(ends, END_S) - begins;
  const stretch = low === high ? "" : ` within ${Number(Math.min(wide, measure.step_s).toPrecision(3))} s`;
  return `${range} ${measure.unit}${stretch}${beyond.length ? `, beyond ${beyond[beyond.length - 1]}` : ""}`;
}

// A small drawing without axes, of the whole run.
function sparkline(measure) {
  const [width, high] = [120, 20];
  const all = segments(measure);
  const bounds = shownBounds(measure, measure.worst).map((one) => one[1]).slice(0, 1);
  const low = Math.min(...all.map((one) => one[2]), ...bounds);
  const top = Math.max(...all.map((one) => one[3]), ...bounds);
  const y = (value) => (high - 2 - ((value - low) / (top - low || 1)) * (high - 4)).toFixed(1);
  const x = (at) => ((Math.min(at, END_S) / END_S) * width).toFixed(1);
  const d = all.map(([begins, ends, least, most]) => `M${x(begins)} ${y(most)}H${x(ends)}V${y(least)}`).join("");
  const limit = bounds.map((bound) => `<path class="bound" d="M0 ${y(bound)}H${width}"/>`).join("");
  return `<svg class="spark" viewBox="0 0 ${width} ${high}" aria-hidden="true"><path class="line" d="${d}"/>${limit}</svg>`;
}

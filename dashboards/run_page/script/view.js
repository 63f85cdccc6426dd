// The view: which stretch of the run is drawn, and which moment is pointed at. Every chart follows it.

const run = JSON.parse(document.getElementById("data").textContent);
const END_S = Math.max(run.end_s, 1e-9);
const LEAST_SPAN_S = Math.min(END_S, 0.05);
const NARROW = 640;

// from, to: drawn; at: the moment shown, null for none; pinned: the moment that stays when the pointer leaves.
const view = {from: 0, to: END_S, at: null, pinned: null};
const painters = [];
let painting = 0;
let linking = 0;

// Where time lies in a drawing of that width: the same places in every chart, so that they can be read from top to bottom.
function frame(width, caption) {
  const narrow = document.documentElement.clientWidth < NARROW;
  const left = narrow ? 46 : 264 - caption;
  return {width, narrow, left, right: width - (narrow ? 10 : 96)};
}

const toX = (box, at) => box.left + ((at - view.from) / (view.to - view.from)) * (box.right - box.left);
const toTime = (box, x) => view.from + ((x - box.left) / (box.right - box.left)) * (view.to - view.from);
const within = (at) => Math.min(Math.max(at, 0), END_S);

function show(from, to) {
  const span = Math.min(Math.max(to - from, LEAST_SPAN_S), END_S);
  const middle = (from + to) / 2;
  view.from = Math.min(Math.max(middle - span / 2, 0), END_S - span);
  view.to = view.from + span;
  changed();
}

// Closer (factor below 1) or farther, with ``at`` staying where it is.
const zoom = (factor, at) => show(at - (at - view.from) * factor, at + (view.to - at) * factor);

const pan = (seconds) => show(view.from + seconds, view.to + seconds);

function pin(at) {
  view.pinned = at === null ? null : within(at);
  view.at = view.pinned;
  if (view.at !== null && (view.at < view.from || view.at > view.to)) {
    const half = (view.to - view.from) / 2;
    show(view.at - half, view.at + half);
  }
  changed();
}

function point(at) {
  view.at = at === null ? view.pinned : within(at);
  paintSoon();
}

function paintSoon() {
  if (!painting) painting = requestAnimationFrame(() => { painting = 0; for (const paint of painters) paint(); });
}

function changed() {
  paintSoon();
  clearTimeout(linking);
  linking = setTimeout(link, 250);
}

const brief = (seconds) => String(Number(seconds.toFixed(3)));

// The address tells the moment and the stretch, so that it can be sent on.
function link() {
  const parts = [];
  if (view.pinned !== null) parts.push(`t=${brief(view.pinned)}`);
  if (view.from > 0 || view.to < END_S) parts.push(`from=${brief(view.from)}`, `to=${brief(view.to)}`);
  if (parts.length || /^#(t|from)=/.test(location.hash)) history.replaceState(null, "", `#${parts.join("&")}`);
}

// Follow the address; true if it tells a moment or a stretch.
function follow() {
  const told = new URLSearchParams(location.hash.slice(1));
  const number = (name) => (told.has(name) && told.get(name) !== "" ? Number(told.get(name)) : NaN);
  const [at, from, to] = [number("t"), number("from"), number("to")];
  if (Number.isFinite(from) && Number.isFinite(to) && to > from) show(from, to);
  if (Number.isFinite(at)) pin(at);
  return Number.isFinite(at) || Number.isFinite(from);
}

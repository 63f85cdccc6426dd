// Hands on a chart: drag to zoom, wheel and pinch, keys. One finger moves the moment, so that the page still scrolls.

const CLICK_PX = 4;
const WHEEL_RATE = 0.0015;

function gestures(element, boxOf) {
  const fingers = new Map();
  let dragFrom = null;
  let held = [];
  const timeOf = (event) => toTime(boxOf(), event.clientX - element.getBoundingClientRect().left);

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, event.clientX);
    held = fingers.size === 2 ? [...fingers.values()].map((clientX) => timeOf({clientX})) : [];
    dragFrom = event.pointerType === "mouse" ? event : null;
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event.clientX);
    if (held.length === 2 && fingers.size === 2) {
      pinch(element, boxOf(), held, [...fingers.values()]);
    } else if (dragFrom) {
      select(element, dragFrom.clientX, event.clientX);
    } else if (event.pointerType === "mouse") {
      point(timeOf(event));
    } else if (fingers.size === 1 && !held.length) {
      pin(Math.min(Math.max(timeOf(event), view.from), view.to));
    }
  });
  element.addEventListener("pointerup", (event) => {
    const wasPinch = held.length === 2;
    fingers.delete(event.pointerId);
    select(element, 0, 0);
    const from = dragFrom;
    dragFrom = null;
    if (fingers.size === 0) held = [];
    if (wasPinch) return;
    if (from && Math.abs(from.clientX - event.clientX) > CLICK_PX) {
      const [one, other] = [timeOf(from), timeOf(event)].sort((first, second) => first - second);
      show(Math.max(one, view.from), Math.min(other, view.to));
    } else {
      pin(Math.min(Math.max(timeOf(event), view.from), view.to));
    }
  });
  element.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId);
    if (fingers.size === 0) held = [];
    dragFrom = null;
    select(element, 0, 0);
  });
  element.addEventListener("pointerleave", () => point(null));
  element.addEventListener("dblclick", () => show(0, END_S));
  element.addEventListener("wheel", (event) => {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    const box = boxOf();
    if (sideways && view.to - view.from < END_S) {
      pan(((event.deltaX || event.deltaY) / (box.right - box.left)) * (view.to - view.from));
    } else if (event.ctrlKey || event.metaKey || document.activeElement === element) {
      zoom(Math.exp(event.deltaY * WHEEL_RATE), timeOf(event));
    } else {
      return;
    }
    event.preventDefault();
  }, {passive: false});
}

// Two fingers keep the times that they were put down on.
function pinch(element, box, [time, otherTime], [clientX, otherX]) {
  const pace = (otherTime - time) / (otherX - clientX);
  if (!(pace > 0) || !Number.isFinite(pace)) return;
  const from = time - (clientX - element.getBoundingClientRect().left - box.left) * pace;
  show(from, from + (box.right - box.left) * pace);
}

// The stretch that is being dragged over; an empty one takes it away.
function select(element, one, other) {
  let mark = element.querySelector(".selection");
  if (Math.abs(one - other) <= CLICK_PX) {
    mark?.remove();
    return;
  }
  if (!mark) {
    mark = document.createElement("div");
    mark.className = "selection";
    element.append(mark);
  }
  const left = element.getBoundingClientRect().left;
  mark.style.left = `${Math.min(one, other) - left}px`;
  mark.style.width = `${Math.abs(one - other)}px`;
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const span = view.to - view.from;
  const at = view.pinned ?? (view.from + view.to) / 2;
  const stride = span / (event.shiftKey ? 10 : 100);
  const does = {
    ArrowLeft: () => pin(at - stride),
    ArrowRight: () => pin(at + stride),
    Home: () => pin(0),
    End: () => pin(END_S),
    PageUp: () => pan(-span / 2),
    PageDown: () => pan(span / 2),
    "+": () => zoom(0.5, at),
    "=": () => zoom(0.5, at),
    "-": () => zoom(2, at),
    "0": () => show(0, END_S),
    n: () => step(true),
    p: () => step(false),
    Escape: () => pin(null),
  }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (does) {
    does();
    event.preventDefault();
  }
}

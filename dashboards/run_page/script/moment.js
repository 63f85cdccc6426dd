// One moment from both sides: what the risk manager saw then, and what was true.

const MOST_SAID = 5; // the latest of each view
const panel = document.getElementById("moment");

function standing(side, at) {
  const near = (view.to - view.from) / 400;
  const found = [];
  for (const group of run.groups) {
    for (const row of group.rows) {
      for (const [, begins, ends, says] of row[side]) {
        if (ends === null ? Math.abs(begins - at) <= near : begins <= at && (at < ends || (at === END_S && ends >= END_S))) {
          found.push([begins, ends === null ? `${says} ${clock(begins, 3)}` : says]);
        }
      }
    }
  }
  return found.sort((one, other) => other[0] - one[0]).map(([, says]) => says);
}

function listed(heading, said) {
  const items = said.slice(0, MOST_SAID).map((one) => `<li>${escaped(one)}</li>`).join("");
  const more = said.length > MOST_SAID ? `<li>… and ${said.length - MOST_SAID} more</li>` : "";
  return `<div><h4>${heading}</h4><ul>${items || "<li>nothing</li>"}${more}</ul></div>`;
}

function paintMoment() {
  const slider = document.getElementById("timeline");
  document.getElementById("span").textContent =
    `${clock(view.from)} to ${clock(view.to)}${view.to - view.from < END_S ? ", zoomed" : ""}`;
  slider.setAttribute("aria-valuemin", "0");
  slider.setAttribute("aria-valuemax", String(END_S));
  slider.setAttribute("aria-valuenow", String(view.at ?? 0));
  panel.hidden = view.at === null;
  for (const output of document.querySelectorAll("output")) {
    const measure = run.measures[Number(output.dataset.measure)];
    output.textContent = view.at === null ? "" : valueAt(measure, view.at);
  }
  if (view.at === null) {
    slider.setAttribute("aria-valuetext", "no moment chosen");
    return;
  }
  const [seen, truth] = [standing("seen", view.at), standing("true", view.at)];
  panel.innerHTML = `<p><b>${clock(view.at, 3)}</b> <span class="facts">${calendar(view.at)}</span></p><div class="both">` +
    `${listed("the risk manager sees", seen)}${listed("true", truth)}</div>`;
  slider.setAttribute("aria-valuetext", `${clock(view.at, 3)}; seen: ${seen.slice(0, 3).join(", ") || "nothing"}; ` +
    `true: ${truth.slice(0, 3).join(", ") || "nothing"}`);
}

// Every moment at which something begins or ends, for stepping from one to the next.
const moments = [...new Set(run.groups.flatMap((group) => group.rows).flatMap((row) => [...row.true, ...row.seen])
  .flatMap(([, begins, ends]) => (ends === null || ends >= END_S ? [begins] : [begins, ends])))].sort((one, other) => one - other);

function step(forward) {
  const at = view.pinned ?? (forward ? -1 : END_S + 1);
  const next = forward ? moments.find((one) => one > at + 1e-6) : moments.findLast((one) => one < at - 1e-6);
  if (next !== undefined) pin(next);
}

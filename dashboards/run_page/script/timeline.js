// The timeline: of every row what was true above what was seen, on the common axis of time.

const BAR = 9;

function timeAxis(box, top, bottom) {
  const most = Math.max(2, Math.floor((box.right - box.left) / 80));
  return timeTicks(view.from, view.to, most).map(([at, text]) => {
    const x = toX(box, at);
    const anchor = x + text.length * 3.2 > box.width ? "end" : "middle";
    return `<path class="grid" d="M${x.toFixed(1)} ${top}V${bottom}"/>` +
      `<text class="tick" x="${x.toFixed(1)}" y="${bottom + 15}" text-anchor="${anchor}">${text}</text>`;
  }).join("");
}

function cursorLine(box, top, bottom) {
  if (view.at === null || view.at < view.from || view.at > view.to) return "";
  return `<path class="cursor" d="M${toX(box, view.at).toFixed(1)} ${top}V${bottom}"/>`;
}

function drawnItem(box, [kind, begins, ends, says], y) {
  if (begins > view.to || (ends ?? begins) < view.from) return "";
  const title = `<title>${escaped(says)}</title>`;
  const x = toX(box, Math.max(begins, view.from));
  if (ends === null) {
    const middle = y + BAR / 2;
    const d = kind === "due" ? `M${(x - 5).toFixed(1)} ${y - 2}h10l-5 9z` : `M${x.toFixed(1)} ${middle - 7}l5 7l-5 7l-5 -7z`;
    return `<path class="${kind}" d="${d}">${title}</path>`;
  }
  const width = Math.max(toX(box, Math.min(ends, view.to)) - x, 2);
  const bar = `<rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="1.5">`;
  const cross = kind === "false_alarm" ? `<text class="cross" x="${(x + 2).toFixed(1)}" y="${y + BAR - 1}">✕</text>` : "";
  return `${bar}${title}</rect>${cross}`;
}

function rowLabel(box, row, y) {
  const room = box.narrow ? Math.floor((box.width - 16) / 6.2) : Math.floor((box.left - 44) / 6.5);
  const text = row.label.length > room ? row.label.slice(0, room - 1) + "…" : row.label;
  return `<text class="row" x="${box.narrow ? 4 : 10}" y="${y}"><title>${escaped(row.label)}</title>${escaped(text)}</text>`;
}

function drawTimeline(element) {
  const box = frame(element.clientWidth, 0);
  const parts = [];
  let y = 4;
  for (const group of run.groups) {
    parts.push(`<text class="group" x="0" y="${y + 13}">${escaped(group.title)}</text>`);
    y += 20;
    if (!group.rows.length) {
      parts.push(`<text class="none" x="10" y="${y + 11}">nothing</text>`);
      y += 18;
    }
    for (const row of group.rows) {
      const both = row.true.length > 0 && row.seen.length > 0;
      const high = row.seen.length ? (both ? 2 : 1) : 1;
      if (box.narrow) {
        parts.push(rowLabel(box, row, y + 11));
        y += 16;
      } else {
        parts.push(rowLabel(box, row, y + (both ? 17 : 11)));
      }
      const sides = [["true", row.true], ["seen", row.seen]].filter(([, items]) => items.length);
      for (const [index, [side, items]] of sides.entries()) {
        const top = y + 2 + index * (BAR + 3);
        parts.push(`<text class="side" x="${box.left - 5}" y="${top + 8}" text-anchor="end">${side}</text>`);
        for (const item of items) parts.push(drawnItem(box, item, top));
      }
      y += high * (BAR + 3) + 8;
    }
    if (group.more) {
      parts.push(`<text class="none" x="10" y="${y + 11}">… and ${group.more} more rows in verdict.json</text>`);
      y += 18;
    }
    y += 6;
  }
  const shades = run.injections.map((one) => shade(box, one, 4, y)).join("");
  element.innerHTML = `<svg viewBox="0 0 ${box.width} ${y + 22}" aria-hidden="true">${shades}${timeAxis(box, 4, y)}` +
    `${parts.join("")}${cursorLine(box, 0, y)}</svg>`;
}

// An injection lies as a shade behind everything that went on meanwhile.
function shade(box, [began, ended, name], top, bottom) {
  if (began > view.to || ended < view.from) return "";
  const x = toX(box, Math.max(began, view.from));
  const width = Math.max(toX(box, Math.min(ended, view.to)) - x, 1);
  return `<rect class="shade" x="${x.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${bottom - top}">` +
    `<title>${escaped(name)}</title></rect>`;
}

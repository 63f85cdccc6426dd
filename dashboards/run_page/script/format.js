// Times, values and places as text: seconds since the run's start, values with their units.

const STEPS_S = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
  3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000];

const two = (number) => String(number).padStart(2, "0");

const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

// "1d 03:20:05", with so many decimals of a second.
function clock(seconds, decimals = 0) {
  const scale = 10 ** decimals;
  const ticks = Math.round(seconds * scale);
  const whole = Math.floor(ticks / scale);
  const part = decimals ? "." + String(ticks - whole * scale).padStart(decimals, "0") : "";
  const day = Math.floor(whole / 86400);
  const rest = whole % 86400;
  const text = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}${part}`;
  return day ? `${day}d ${text}` : text;
}

// The moment in the run's own calendar.
function calendar(seconds) {
  return new Date((run.start_s + seconds) * 1000).toISOString().replace("T", " ").slice(0, 19) + " UTC";
}

function timeTicks(from, to, most) {
  const step = STEPS_S.find((one) => (to - from) / one <= most) ?? STEPS_S[STEPS_S.length - 1];
  const ticks = [];
  for (let number = Math.ceil(from / step); number * step <= to; number += 1) ticks.push(number * step);
  const decimals = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
  return ticks.map((at) => [at, clock(at, decimals).replace(/^((?:\d+d )?\d\d:\d\d):00$/, "$1")]);
}

// Multiples of 1, 2 or 5 times a power of ten inside [low, high].
function valueTicks(low, high, most) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => span / one <= most);
  const ticks = [];
  for (let number = Math.ceil(low / step); number * step <= high + step * 1e-9; number += 1) {
    ticks.push(Number((number * step).toPrecision(12)));
  }
  return ticks;
}

// A value in few characters: 1.25M, 320k, 48.3.
function short(value) {
  const size = Math.abs(value);
  const [divisor, suffix] = size >= 1e6 ? [1e6, "M"] : size >= 1e4 ? [1e3, "k"] : [1, ""];
  return `${Number((value / divisor).toPrecision(4))}${suffix}`;
}

// A value as exact as the verdict holds it.
const exact = (value) => (Math.abs(value) >= 1e4 ? value.toLocaleString("en", {maximumFractionDigits: 2}) : String(value));

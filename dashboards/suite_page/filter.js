// Cases by text and verdict: every word must be found.

const form = document.querySelector("form.tools");
const shown = document.getElementById("shown");
const articles = [...document.querySelectorAll("details.case")];

function filter() {
  const words = document.getElementById("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const verdict = form.elements.verdict.value;
  let count = 0;
  for (const article of articles) {
    const fits = (!verdict || article.dataset.verdict === verdict) && words.every((word) => article.dataset.words.includes(word));
    article.hidden = !fits;
    if (fits) count += 1;
  }
  shown.textContent = `${count} of ${articles.length} cases`;
}

form.hidden = false;
form.addEventListener("input", filter);
form.addEventListener("submit", (event) => event.preventDefault());
filter();

for (const sweep of document.querySelectorAll(".sweep")) {
  const slider = sweep.querySelector("input");
  const requested = sweep.querySelector("output");
  const scores = JSON.parse(sweep.dataset.scores);
  const strips = [...sweep.querySelectorAll(".strip")].map((strip) => ({
    caption: strip.querySelector("span"),
    said: JSON.parse(strip.dataset.said),
  }));
  const show = () => {
    const step = slider.valueAsNumber;
    requested.value = scores[step];
    slider.setAttribute("aria-valuetext", scores[step]);
    sweep.style.setProperty("--step", step);
    for (const { caption, said } of strips) {
      const [words, isAsked] = said[step];
      caption.textContent = words;
      caption.classList.toggle("other", !isAsked);
    }
  };
  slider.addEventListener("input", show);
  sweep.classList.add("live");
  show();
}

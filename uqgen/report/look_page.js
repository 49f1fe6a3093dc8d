(async () => {
  const find = (selector) => document.querySelector(selector);
  const data = JSON.parse(find(".data").textContent);
  const key = JSON.parse(atob(data.key));
  const [ask, result, sheet, undo] = [".ask", ".result", ".sheet", ".undo"].map(find);
  const n = data.names.length;
  const { truth } = key;
  const answers = [];

  const canvasOf = (index, label) => {
    const canvas = document.createElement("canvas");
    const { side, columns } = data;
    const [x, y] = [(index % columns) * side, Math.floor(index / columns) * side];
    canvas.width = canvas.height = side;
    canvas.getContext("2d").drawImage(sheet, x, y, side, side, 0, 0, side, side);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
    return canvas;
  };

  const show = () => {
    const index = answers.length;
    find(".count output").value = `${index + 1} of ${n}`;
    find("progress").value = index;
    find(".stage").replaceChildren(canvasOf(index, `Image ${index + 1}`));
    find(".requested strong").textContent = data.names[index];
    undo.disabled = index === 0;
  };

  const answer = (word) => {
    answers.push(word);
    if (answers.length < n) show();
    else finish();
  };

  const takeBack = () => {
    answers.pop();
    show();
  };

  const count = (isOf) => {
    const indices = [...truth.keys()].filter(isOf);
    const right = indices.filter((index) => answers[index] === truth[index]).length;
    const [low, high] = data.intervals[indices.length][right];
    const scores = indices.map((index) => key.score[index]);
    const range = [Math.min(...scores), Math.max(...scores)];
    return { right, of: indices.length, share: right / indices.length, low, high, scores: range };
  };

  const percent = (share) => `${(100 * share).toFixed(0)} %`;
  const interval = ({ low, high }) => `${percent(low)} to ${percent(high)}`;
  const isChance = ({ low, high }) => low <= 0.5 && high >= 0.5;

  const verdict = (all) => {
    const counted = `${all.right} of ${all.of} answers are right: ${percent(all.share)}, interval ${interval(all)}.`;
    if (isChance(all)) return `${counted} This cannot be distinguished from chance, 50 %.`;
    const found = all.share > 0.5 ? "distinguished" : "mistaken for each other";
    return `${counted} Real and generated images were ${found} more often than by chance, 50 %.`;
  };

  const tableRow = ([name, part]) => {
    const row = document.createElement("tr");
    const scores = part.scores.map((score) => score.toFixed(2)).join(" to ");
    row.innerHTML = '<th scope="row"></th><td></td><td></td><td></td><td></td>';
    const cells = [`${name}, ${data.score} ${scores}`, `${part.right} of ${part.of}`, percent(part.share)];
    cells.push(interval(part), isChance(part) ? "no" : "yes");
    cells.forEach((text, column) => (row.children[column].textContent = text));
    return row;
  };

  const groupOf = (is, taken) => {
    const indices = [...truth.keys()].filter((index) => truth[index] === is && answers[index] === taken);
    const group = document.createElement("section");
    group.className = "group";
    group.innerHTML = '<h3></h3><div class="tiles"></div>';
    group.firstChild.textContent = `${is === "real" ? "Real" : "Generated"}, answered ${taken}: ${indices.length}`;
    group.lastChild.append(...indices.map(tile));
    return group;
  };

  const tile = (index) => {
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = `${data.names[index]} · ${key.score[index].toFixed(2)}`;
    figure.append(canvasOf(index, `Image ${index + 1}`), caption);
    return figure;
  };

  const finish = () => {
    const right = {
      all: count(() => true),
      certain: count((index) => key.certain[index]),
      uncertain: count((index) => !key.certain[index]),
    };
    find(".verdict").textContent = verdict(right.all);
    find("tbody").replaceChildren(...Object.entries(right).map(tableRow));
    const words = ["real", "generated"];
    find(".groups").replaceChildren(...words.flatMap((is) => words.map((taken) => groupOf(is, taken))));
    offer(JSON.stringify({ ...data.about, right, classes: data.names, ...key, answers }));
    ask.hidden = true;
    result.hidden = false;
    find(".result h2").focus();
  };

  const offer = (text) => {
    find("textarea").value = text;
    find(".copy").addEventListener("click", () => {
      find("textarea").select();
      document.execCommand("copy"); // works from a file, too, where the clipboard's own interface may not
    });
    const link = find(".download");
    link.download = `look-${data.about.run}-${data.about.seed}.json`;
    link.href = `data:application/json,${encodeURIComponent(text)}`;
  };

  for (const button of document.querySelectorAll(".answers button")) {
    button.addEventListener("click", () => answer(button.value));
  }
  undo.addEventListener("click", takeBack);
  document.addEventListener("keydown", (event) => {
    const isOther = event.ctrlKey || event.metaKey || event.altKey || event.repeat;
    if (ask.hidden || isOther) return;
    const word = { r: "real", g: "generated" }[event.key.toLowerCase()];
    if (word) answer(word);
    if (event.key === "Backspace" && answers.length) takeBack();
  });

  await sheet.decode();
  ask.hidden = false;
  show();
})();

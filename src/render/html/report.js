"use strict";
// What the page shows without this script is all there; here it learns to zoom, to sort, to search and to fold.

const LETTER = 6.5, LINE = 16, MARGIN = 6, HEADER = 22, BORDER = 2, LOWEST_HEADER = 44;  // as in picture.cpp

// Labels as long as there is room: sizes follow from the shares of boxes, nothing is measured.
function fit(box, width, height) {
  const holds = box.classList.contains("holds");
  const bare = holds && height < LOWEST_HEADER;
  box.classList.toggle("bare", bare);
  const letters = Math.floor((width - 2 * MARGIN) / LETTER);
  const hasLine = letters >= 3 && height >= LINE;
  const name = box.querySelector(":scope > .name");
  const label = name.dataset.name ?? name.textContent;
  name.dataset.name = label;
  name.textContent = !hasLine ? "" : label.length > letters ? label.slice(0, letters - 1) + "…" : label;
  for (const size of box.querySelectorAll(":scope > .size")) {
    const room = letters - (holds ? label.length + 2 : 0);
    size.classList.toggle("no", !(hasLine && size.textContent.length <= room && (holds || height >= 2 * LINE)));
  }
  if (!holds) return;
  const share = (child, side) => parseFloat(child.getAttribute(side)) / 100;
  const insideWidth = width - 2 * BORDER;
  const insideHeight = height - BORDER - (bare ? BORDER : HEADER);
  for (const child of box.querySelector(":scope > .in").children)
    fit(child, insideWidth * share(child, "width"), insideHeight * share(child, "height"));
}

const SIDES = ["x", "y", "width", "height"];

function place(box, values) {
  SIDES.forEach((side, i) => box.setAttribute(side, values[i] + "%"));
}

function toldOf(box) {
  return box.querySelector(":scope > title").textContent;
}

function button(text, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", action);
  return made;
}

class Treemap {
  constructor(model) {
    this.map = model.querySelector(".treemap > .map");
    this.crumbs = model.querySelector(".crumbs");
    this.detail = model.querySelector(".detail");
    this.legends = model.querySelectorAll(".legend");
    this.whole = this.map.querySelector(".box");  // what is shown is a copy of a part of it
    this.boxes = [...this.map.querySelectorAll(".box")];
    this.boxes.forEach((box, i) => {
      box.dataset.number = i;
      box.dataset.bytes = SIDES.map((side) => parseFloat(box.getAttribute(side))).join(" ");
    });
    this.map.setAttribute("role", "group");
    for (const group of model.querySelectorAll(".tools fieldset")) this.choose(group);
    model.querySelector(".tools").hidden = false;
    this.listen();
    this.show(this.whole);
    new ResizeObserver(() => this.fit()).observe(this.map);
  }

  // Buttons of which one is pressed.
  choose(group) {
    const pick = (value) => {
      this.map.dataset[group.name] = value;
      for (const one of group.querySelectorAll("button")) one.setAttribute("aria-pressed", one.value === value);
      if (group.name === "shade")
        for (const legend of this.legends) legend.hidden = legend.dataset.shade !== value;
      if (group.name === "area") {
        for (const box of this.boxes) place(box, box.dataset[value].split(" "));
        this.show(this.shown ?? this.whole);
      }
    };
    for (const one of group.querySelectorAll("button")) one.addEventListener("click", () => pick(one.value));
  }

  holder(box) {
    return box.parentElement?.closest(".box");
  }

  show(box, focused) {
    this.shown = box;
    const copy = box.cloneNode(true);
    place(copy, [0, 0, 100, 100]);
    this.map.replaceChildren(copy);
    const inner = [...copy.querySelectorAll(":scope > .in > .box")];
    for (const one of inner) {
      one.setAttribute("role", one.classList.contains("holds") ? "button" : "img");
      one.setAttribute("aria-label", toldOf(one));
      one.setAttribute("tabindex", "-1");
    }
    const next = inner.find((one) => one.dataset.number === focused) ?? inner[0];
    next?.setAttribute("tabindex", "0");
    if (focused !== undefined) next?.focus();
    this.showPath();
    this.fit();
  }

  showPath() {
    const path = [];
    for (let box = this.shown; box; box = this.holder(box)) path.unshift(box);
    this.crumbs.replaceChildren(...path.map((box) => {
      const name = box.querySelector(":scope > .name");
      const one = button(name.dataset.name ?? name.textContent, () => this.show(box));
      if (box === this.shown) one.setAttribute("aria-current", "true");
      return one;
    }));
    this.detail.textContent = toldOf(this.shown);
  }

  fit() {
    if (this.map.clientWidth > 0) fit(this.map.querySelector(".box"), this.map.clientWidth, this.map.clientHeight);
  }

  enter(box, isByKey) {
    const whole = box && this.boxes[box.dataset.number];
    if (whole?.classList.contains("holds")) this.show(whole, isByKey ? "" : undefined);
  }

  leave() {
    const above = this.holder(this.shown);
    if (above) this.show(above, this.shown.dataset.number);
  }

  listen() {
    const tell = (event) => {
      const box = event.target.closest(".box");
      if (box) this.detail.textContent = toldOf(box);
    };
    this.map.addEventListener("pointerover", tell);
    this.map.addEventListener("focusin", tell);
    this.map.addEventListener("click", (event) => this.enter(event.target.closest(".holds"), false));
    this.map.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Enter" || event.key === " ") this.enter(event.target, true);
      else if (event.key === "Escape" || event.key === "Backspace") this.leave();
      else if (step) this.move(event.target, step);
      else return;
      event.preventDefault();
    });
  }

  move(from, step) {
    const all = [...from.parentElement.children];
    const to = all[all.indexOf(from) + step];
    if (!to) return;
    from.setAttribute("tabindex", "-1");
    to.setAttribute("tabindex", "0");
    to.focus();
  }
}

class Modules {
  constructor(section) {
    this.body = section.querySelector("tbody");
    this.rows = this.treeOf([...this.body.rows]);
    this.found = null;  // rows that a search shows; null: no search
    const isLarge = this.rows.length > 40;
    for (const row of this.rows) {
      row.isOpen = !isLarge || row.depth < 2;
      this.addTwist(row);
    }
    section.querySelectorAll("thead th").forEach((head, column) => this.addSorting(head, column));
    const search = section.querySelector(".search");
    search.hidden = false;
    search.querySelector("input").addEventListener("input", (event) => this.search(event.target.value.trim().toLowerCase()));
    this.count = search.querySelector("output");
    this.update();
  }

  treeOf(elements) {
    const open = [];
    return elements.map((element, order) => {
      const depth = Number(element.dataset.depth);
      open.length = depth - 1;
      const row = { element, order, depth, above: open[depth - 2], below: [] };
      row.above?.below.push(row);
      open.push(row);
      return row;
    });
  }

  addTwist(row) {
    const head = row.element.cells[0];
    if (row.below.length === 0) {
      const gap = document.createElement("span");
      gap.className = "gap";
      return head.prepend(gap);
    }
    row.twist = button("", () => {
      row.isOpen = !row.isOpen;
      this.update();
    });
    row.twist.className = "twist";
    row.twist.setAttribute("aria-label", "what is in " + head.textContent);
    head.prepend(row.twist);
  }

  addSorting(head, column) {
    const sort = button(head.textContent, () => {
      const before = head.getAttribute("aria-sort");
      const isNumber = head.classList.contains("num");
      const order = before === null ? (isNumber ? "descending" : "ascending")
        : before === (isNumber ? "descending" : "ascending") ? (isNumber ? "ascending" : "descending") : null;
      for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
      if (order) head.setAttribute("aria-sort", order);
      this.sort(column, isNumber, order);
    });
    if (head.textContent) head.replaceChildren(sort);
  }

  // Siblings among themselves; those that are equal stay as they were.
  sort(column, isNumber, order) {
    const value = (row) => {
      const cell = row.element.cells[column];
      return isNumber ? parseFloat((cell.title || cell.textContent).replace(/[^0-9.]*([0-9.,]*).*/, "$1").replaceAll(",", "")) || 0
        : cell.textContent;
    };
    const sign = order === "descending" ? -1 : 1;
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      return (order && x !== y ? sign * (isNumber ? x - y : x.localeCompare(y)) : 0) || a.order - b.order;
    };
    const inOrder = (rows) => [...rows].sort(compare).flatMap((row) => [row, ...inOrder(row.below)]);
    this.body.append(...inOrder(this.rows.filter((row) => !row.above)).map((row) => row.element));
  }

  search(text) {
    this.found = text ? new Set() : null;
    let count = 0;
    for (const row of this.rows) {
      if (!text || !row.element.dataset.path.toLowerCase().includes(text)) continue;
      ++count;
      for (let one = row; one; one = one.above) this.found.add(one);
    }
    this.count.textContent = text ? count + " found" : "";
    this.update();
  }

  update() {
    for (const row of this.rows) {
      let isShown = true;
      for (let above = row.above; above; above = above.above) isShown &&= above.isOpen;
      row.element.hidden = this.found ? !this.found.has(row) : !isShown;
      row.twist?.setAttribute("aria-expanded", this.found ? "true" : String(row.isOpen));
    }
  }
}

for (const model of document.querySelectorAll(".model")) {
  if (model.querySelector(".treemap")) new Treemap(model);
  for (const section of model.querySelectorAll(".rows")) new Modules(section);
}

/* Charts and tables of the report. PALETTE (light colour -> dark colour) is put before this text when it is published. */
(function () {
  "use strict";
  const scripts = document.currentScript && document.currentScript.src;
  const ROOT = new URL("./", scripts || document.baseURI);
  const views = new Map();
  const specs = new Map();
  let vega = null;

  /* ---- charts: fetched and drawn when they come near the screen ---- */
  function dark() { return document.body.getAttribute("data-md-color-scheme") === "slate"; }

  function recoloured(text) {
    if (!dark()) return text;
    return text.replace(/#[0-9a-f]{6}/g, (colour) => PALETTE[colour] || colour);
  }

  function library() {
    vega = vega || new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL("vega.js", ROOT).href;
      script.onload = () => resolve(window.vega);
      script.onerror = () => reject(new Error("vega.js cannot be loaded"));
      document.head.append(script);
    });
    return vega;
  }

  function source(base) {
    if (!specs.has(base)) {
      const get = (suffix) => fetch(new URL(base + suffix, document.baseURI)).then((answer) => {
        if (!answer.ok) throw new Error(base + suffix + ": " + answer.status);
        return answer.text();
      });
      specs.set(base, Promise.all([get(".vg.json"), get(".json")]));
    }
    return specs.get(base);
  }

  async function draw(figure) {
    try {
      const [lib, [spec, rows]] = await Promise.all([library(), source(figure.dataset.figure)]);
      const text = recoloured(spec);
      for (const plot of figure.querySelectorAll(".fig-plot")) {
        if (views.has(plot)) views.get(plot).finalize();
        const view = new lib.View(lib.parse(JSON.parse(text)), { renderer: "svg", hover: true });
        view.tooltip(tooltip).signal("panel", plot.dataset.panel).insert("rows", JSON.parse(rows));
        plot.textContent = "";
        await view.initialize(plot).runAsync();
        views.set(plot, view);
        plot.style.height = "";
      }
      figure.classList.add("is-drawn");
    } catch (error) {
      figure.classList.add("is-static");
    }
  }

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "300px" });

  function redraw() {
    for (const figure of document.querySelectorAll(".fig.is-drawn")) draw(figure);
  }

  /* ---- tooltips: names and values as text, never as markup ---- */
  let bubble = null;
  function tooltip(_handler, event, _item, value) {
    if (!bubble || !document.contains(bubble)) {
      bubble = document.createElement("dl");
      bubble.className = "fig-tip";
      bubble.setAttribute("aria-hidden", "true");
      document.body.append(bubble);
    }
    if (value === null || value === undefined || value === "") { bubble.hidden = true; return; }
    bubble.textContent = "";
    for (const [name, content] of Object.entries(typeof value === "object" ? value : { "": value })) {
      const term = document.createElement("dt"), text = document.createElement("dd");
      term.textContent = name;
      text.textContent = String(content);
      bubble.append(term, text);
    }
    bubble.hidden = false;
    const box = bubble.getBoundingClientRect();
    const left = Math.min(event.clientX + 14, document.documentElement.clientWidth - box.width - 8);
    const above = event.clientY + 18 + box.height > window.innerHeight;
    bubble.style.left = Math.max(8, left) + "px";
    bubble.style.top = (above ? event.clientY - box.height - 12 : event.clientY + 18) + "px";
  }

  /* ---- the hatching that means unknown, for every drawing of the page ---- */
  function hatch() {
    if (document.getElementById("hatch")) return;
    const holder = document.createElement("div");
    holder.className = "hatch";
    holder.setAttribute("aria-hidden", "true");
    holder.innerHTML = '<svg width="0" height="0"><defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse"' +
      ' patternTransform="rotate(45)"><rect width="6" height="6"/><line x1="0" y1="0" x2="0" y2="6"/></pattern></defs></svg>';
    document.body.append(holder);
  }

  /* ---- tables: sort by a header, filter by words ---- */
  function value(row, column) {
    const cell = row.cells[column];
    const raw = cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v;
    const number = Number(raw);
    return raw === "" ? null : Number.isNaN(number) ? raw.toLowerCase() : number;
  }

  function sortBy(table, column, header) {
    const down = header.getAttribute("aria-sort") !== "descending";
    for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row) => [value(row, column), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      const order = typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1;
      return down ? -order : order;
    });
    body.append(...rows.map(([, row]) => row));
  }

  function prepare(table) {
    if (table.dataset.ready) return;
    table.dataset.ready = "yes";
    Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => sortBy(table, column, header));
    });
    const rows = Array.from(table.tBodies[0].rows);
    if (rows.length < 12) return;
    const label = document.createElement("label"), input = document.createElement("input"), left = document.createElement("span");
    label.className = "tbl-filter";
    input.type = "search";
    input.placeholder = "Filter these " + rows.length + " rows";
    input.setAttribute("aria-label", input.placeholder);
    left.setAttribute("role", "status");
    label.append(input, left);
    table.closest(".tbl").before(label);
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of table.tBodies[0].rows) {
        row.hidden = !words.every((word) => texts.get(row).includes(word));
        shown += row.hidden ? 0 : 1;
      }
      left.textContent = words.length ? shown + " shown" : "";
    });
  }

  /* ---- the history of one job, looked up by its name ---- */
  const OUTCOMES = ["still failing", "fixed", "marked broken", "removed", "off the list"];

  function shardOf(attr) {
    let value = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(attr)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
    return value % 256;
  }

  function element(name, text, more) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    return Object.assign(made, more);
  }

  function history(attr, rows, series) {
    const holder = element("div", undefined, { className: "tbl" }), table = element("table", undefined, { className: "data" });
    table.append(element("caption", "Failures of " + attr));
    const head = table.createTHead().insertRow();
    for (const name of ["Jobset", "System", "Failing since", "Until", "Days", "Ended", "Failure", "Newest build"]) {
      head.append(element("th", name, { scope: "col", className: name === "Days" ? "num" : "" }));
    }
    const body = table.createTBody();
    for (const [place, outcome, own, first, began, ended, days, build] of rows) {
      const [source, jobset, system] = series[place], row = body.insertRow();
      for (const text of [jobset, system, (first ? "before " : "") + began, ended || "still failing"]) row.insertCell().textContent = text;
      const lasted = row.insertCell();
      lasted.className = "num";
      lasted.dataset.v = days;
      lasted.textContent = (first || !ended ? "more than " : "") + days;
      row.insertCell().textContent = OUTCOMES[outcome];
      row.insertCell().textContent = own ? "own" : "dependency";
      const cell = row.insertCell(), known = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(source) && /^\d+$/.test(build);
      cell.append(known ? element("a", build, { href: "https://" + source + "/build/" + build }) : build || "unknown");
    }
    holder.append(table);
    return holder;
  }

  function lookUp(box) {
    if (box.dataset.ready) return;
    box.dataset.ready = "yes";
    const input = box.querySelector("input"), found = box.querySelector(".lookup-found");
    const folder = new URL(box.dataset.lookup, document.baseURI), series = JSON.parse(box.dataset.series);
    let names = null, asked = 0;
    const get = (file) => fetch(new URL(file, folder)).then((answer) => answer.json());
    async function show() {
      const turn = ++asked, attr = input.value.trim();
      if (!attr) { found.textContent = ""; return; }
      const rows = Object.entries(await get(shardOf(attr) + ".json")).filter(([name]) => name === attr).map(([, list]) => list)[0];
      names = names || get("names.json");
      const all = await names, words = attr.toLowerCase();
      if (turn !== asked) return;
      found.textContent = "";
      if (rows) {
        const open = rows.filter((row) => !row[5]).length;
        found.append(element("p", open ? "Fails now, counted once for each jobset and system: " + open + "." : "Is not named as failing now."));
        found.append(history(attr, rows, series));
        found.querySelectorAll("table.data").forEach(prepare);
      }
      const near = all.filter((name) => name !== attr && name.toLowerCase().includes(words)).slice(0, 20);
      if (!rows) found.append(element("p", "No job of this name was ever seen to fail."));
      if (near.length) {
        const list = element("ul");
        for (const name of near) {
          const item = element("li");
          const link = element("a", name, { href: "#job=" + encodeURIComponent(name) });
          link.addEventListener("click", (event) => {
            event.preventDefault();
            event.stopPropagation();
            window.history.pushState(null, "", link.href);
            fromAddress();
          });
          item.append(link);
          list.append(item);
        }
        found.append(element("p", "Names that hold it:"), list);
      }
    }
    function fromAddress() {
      if (!box.isConnected || !location.hash.startsWith("#job=")) return;
      input.value = decodeURIComponent(location.hash.slice(5));
      show();
    }
    input.addEventListener("input", show);
    input.addEventListener("change", () => window.history.replaceState(null, "", "#job=" + encodeURIComponent(input.value.trim())));
    window.addEventListener("hashchange", fromAddress);
    window.addEventListener("popstate", fromAddress);
    fromAddress();
  }

  /* ---- life of a page: also after instant navigation, which swaps the content only ---- */
  function start() {
    for (const [plot, view] of views) if (!document.contains(plot)) { view.finalize(); views.delete(plot); }
    if (bubble) bubble.hidden = true;
    hatch();
    for (const figure of document.querySelectorAll(".fig:not(.is-drawn):not(.is-static)")) near.observe(figure);
    for (const table of document.querySelectorAll("table.data")) prepare(table);
    document.querySelectorAll("[data-lookup]").forEach(lookUp);
  }
  new MutationObserver(redraw).observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });
  window.addEventListener("beforeprint", () => {
    for (const image of document.querySelectorAll(".fig-static")) image.loading = "eager";
  });
  if (window.document$) window.document$.subscribe(start); else start();
})();

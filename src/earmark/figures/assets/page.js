"use strict";
(() => {
  const groups = JSON.parse(document.getElementById("earmark-data").textContent);
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)").matches;
  const NARROW = 520;
  const SVG = "http://www.w3.org/2000/svg";

  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  // Colours: figures name custom properties, which only the browser can turn into colours.

  const probe = make("span", { hidden: "" });
  document.body.append(probe);

  function colour(text) {
    probe.style.color = text;
    return getComputedStyle(probe).color;
  }

  function coloured(value) {
    if (typeof value === "string") return value.startsWith("var(--") ? colour(value) : value;
    if (Array.isArray(value)) return value.map(coloured);
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, coloured(one)]));
    }
    return value;
  }

  function template() {
    const axis = {
      gridcolor: "var(--line)", zerolinecolor: "var(--muted)", linecolor: "var(--line)",
      automargin: true, title: { standoff: 10 }, autotypenumbers: "strict",
    };
    return {
      layout: {
        font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: "var(--ink)" },
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
        hoverlabel: {
          bgcolor: "var(--page)", bordercolor: "var(--muted)", align: "left",
          font: { color: "var(--ink)" },
        },
        modebar: { bgcolor: "rgba(0,0,0,0)", color: "var(--muted)", activecolor: "var(--ink)" },
        margin: { l: 10, r: 20, t: 16, b: 10 },
        hovermode: "closest",
        xaxis: axis, yaxis: axis,
      },
    };
  }

  // Figures.

  function assign(target, path, value) {
    const keys = path.split(".");
    const last = keys.pop();
    for (const key of keys) target = target[key] ??= {};
    target[last] = value;
  }

  function drawFigure(place, spec) {
    const box = place.firstElementChild ?? place.appendChild(make("div"));
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", spec.label);
    if (!place.clientWidth) return;
    const most = spec.max_width || Infinity;
    const width = Math.max(Math.min(place.clientWidth, most), spec.min_width);
    place.classList.toggle("wider", width > place.clientWidth);
    const data = coloured(spec.data);
    const layout = coloured({ ...spec.layout, template: template(), width });
    if (place.clientWidth < NARROW) {
      layout.template.layout.font.size = 11.5;
      for (const [path, value] of Object.entries(spec.narrow)) {
        if (path === "hide_colorbar") data.forEach((trace) => { trace.showscale = false; });
        else assign(layout, path, value);
      }
    }
    const zoom = spec.zoom && !touch;
    layout.dragmode = zoom ? "zoom" : false;
    for (const axis of ["xaxis", "yaxis"]) layout[axis] = { fixedrange: !zoom, ...layout[axis] };
    const buttons = zoom ? ["toImage", "zoom2d", "pan2d", "resetScale2d"] : ["toImage"];
    Plotly.react(box, data, layout, { displaylogo: false, modeBarButtons: [buttons] });
  }

  // Tables.

  function cell(value) {
    if (value === null) return [make("span", { "aria-label": "not measured" }, "–")];
    const [first, ...others] = value.split("\n");
    return [first, ...others.map((line) => make("small", {}, line))];
  }

  function drawTable(place, spec) {
    const head = make("tr", {}, ...spec.head.map((name) => make("th", { scope: "col" }, name)));
    const rows = spec.rows.map(([name, ...values]) => make(
      "tr", {}, make("th", { scope: "row" }, ...cell(name)),
      ...values.map((value) => make("td", {}, ...cell(value))),
    ));
    const table = make(
      "table", { class: spec.css }, make("caption", {}, spec.caption),
      make("thead", {}, head), make("tbody", {}, ...rows),
    );
    const region = { class: "scroll", role: "region", tabindex: "0", "aria-label": spec.caption };
    place.replaceChildren(make("div", region, table));
  }

  // Tabs: arrows move between them, as in every application.

  let tabSets = 0;

  function drawTabs(place, spec) {
    const id = place.dataset.id ??= `tabs${tabSets++}`;
    const before = place.dataset.chosen;
    const found = spec.tabs.findIndex((tab) => tab.name === before);
    const list = make("div", { class: "tabs", role: "tablist", "aria-label": spec.label });
    const panel = make("div", { role: "tabpanel", id: `${id}-panel`, tabindex: "0" });
    const buttons = spec.tabs.map((tab, at) => make("button", {
      type: "button", role: "tab", id: `${id}-${at}`, "aria-controls": `${id}-panel`,
    }, tab.name));
    function choose(at, focus) {
      buttons.forEach((button, other) => {
        button.setAttribute("aria-selected", String(other === at));
        button.tabIndex = other === at ? 0 : -1;
      });
      panel.setAttribute("aria-labelledby", `${id}-${at}`);
      place.dataset.chosen = spec.tabs[at].name;
      draw(panel, spec.tabs[at].content);
      if (focus) buttons[at].focus();
    }
    buttons.forEach((button, at) => button.addEventListener("click", () => choose(at)));
    list.addEventListener("keydown", (event) => {
      const at = buttons.indexOf(document.activeElement);
      const last = buttons.length - 1;
      const next = {
        ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1,
        Home: 0, End: last,
      }[event.key];
      if (at < 0 || next === undefined) return;
      event.preventDefault();
      choose(next, true);
    });
    list.append(...buttons);
    place.replaceChildren(list, panel);
    choose(Math.max(0, found));
  }

  // Chord diagrams: paths come about the unit circle, labels are kept apart here.

  function svg(name, attributes, ...children) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function labelAngles(arcs, least) {
    const angles = arcs.map((arc) => arc.middle);
    for (let sweep = 0; sweep < 60; sweep++) {
      for (let i = 0; i < angles.length; i++) {
        const next = (i + 1) % angles.length;
        const turn = next === 0 ? 2 * Math.PI : 0;
        const lack = least - (angles[next] + turn - angles[i]);
        if (angles.length > 1 && lack > 0) {
          angles[i] -= lack / 2;
          angles[next] += lack / 2;
        }
      }
    }
    return angles;
  }

  function chordLabel(arc, angle, radius, size, room) {
    const right = Math.sin(angle) >= 0;
    const degrees = (angle * 180) / Math.PI - 90;
    const [x, y] = [Math.sin(angle) * (radius + 14), -Math.cos(angle) * (radius + 14)];
    const most = Math.max(4, Math.floor((room - 16) / (size * 0.62)));
    const name = arc.name.length > most ? `${arc.name.slice(0, most - 1)}…` : arc.name;
    const place = `translate(${x} ${y}) rotate(${right ? degrees : degrees + 180})`;
    return [
      svg("line", {
        x1: Math.sin(arc.middle) * (radius + 1), y1: -Math.cos(arc.middle) * (radius + 1),
        x2: Math.sin(angle) * (radius + 10), y2: -Math.cos(angle) * (radius + 10),
      }),
      svg("text", {
        transform: place, "text-anchor": right ? "start" : "end", dy: "0.34em", "font-size": size,
      }, name),
    ];
  }

  function drawChord(place, spec) {
    const width = Math.min(place.clientWidth, 540);
    if (!width) return;
    const small = width < 420;
    const size = small ? 12 : 13.5;
    const longest = Math.max(...spec.arcs.map((arc) => arc.name.length), 4);
    const room = Math.min(small ? 84 : 112, longest * size * 0.58 + 22);
    const radius = width / 2 - room;
    const picture = svg("svg", {
      class: "chord", role: "group", "aria-label": spec.label, width, height: width,
      viewBox: `${-width / 2} ${-width / 2} ${width} ${width}`,
    });
    const hint = "Point at a ribbon or an arc, or tap it.";
    const readout = make("p", { class: "readout", "aria-live": "polite" }, hint);
    const pieces = [];
    function piece(css, one, genres) {
      const path = svg("path", {
        class: css, d: one.path, fill: colour(one.colour), transform: `scale(${radius})`,
      }, svg("title", {}, one.text));
      const choose = () => {
        picture.classList.add("choosing");
        pieces.forEach((other) => other.path.classList.toggle("chosen", other.path === path
          || (css === "arc" && other.css === "ribbon" && other.genres.includes(genres[0]))
          || (css === "ribbon" && other.css === "arc" && genres.includes(other.genres[0]))));
        readout.textContent = one.text;
      };
      const leave = () => {
        picture.classList.remove("choosing");
        readout.textContent = hint;
      };
      path.addEventListener("pointerenter", choose);
      path.addEventListener("click", choose);
      path.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && leave());
      if (css === "arc") {
        path.setAttribute("tabindex", "0");
        path.setAttribute("role", "img");
        path.setAttribute("aria-label", one.text);
        path.addEventListener("focus", choose);
        path.addEventListener("blur", leave);
      }
      pieces.push({ path, css, genres });
      picture.append(path);
    }
    spec.ribbons.forEach((ribbon) => piece("ribbon", ribbon, ribbon.genres));
    spec.arcs.forEach((arc) => piece("arc", arc, [arc.genre]));
    const angles = labelAngles(spec.arcs, (size + 1.5) / (radius + 14));
    spec.arcs.forEach((arc, at) => {
      picture.append(...chordLabel(arc, angles[at], radius, size, room));
    });
    place.replaceChildren(picture, readout);
  }

  // Places, and what is chosen for them.

  function drawText(place, spec) {
    place.replaceChildren(...(spec.text ? [make("p", { class: "note" }, spec.text)] : []));
  }

  const kinds = {
    figure: drawFigure, table: drawTable, tabs: drawTabs, chord: drawChord, text: drawText,
    nothing: () => {},
  };

  function draw(place, spec) {
    const card = place.closest(".card");
    if (card && !place.closest("details")) card.hidden = spec.kind === "nothing";
    if (place.dataset.kind !== spec.kind) place.replaceChildren();
    place.dataset.kind = spec.kind;
    kinds[spec.kind](place, spec);
  }

  const chosen = {};

  function drawGroup(name) {
    for (const place of document.querySelectorAll(`.slot[data-group="${name}"]`)) {
      const details = place.closest("details");
      if (details && !details.open) continue;
      const spec = chosen[name].slots[place.dataset.slot];
      if (spec) draw(place, spec);
    }
  }

  function drawAll() {
    Object.keys(groups).forEach((name) => chosen[name] && drawGroup(name));
  }

  // Each select offers what there is under the choices before it.
  function offer(name, wanted) {
    const { records } = groups[name];
    let left = records;
    const selects = document.querySelectorAll(`select[data-group="${name}"]`);
    selects.forEach((select, level) => {
      const keys = [...new Set(left.map((record) => record.keys[level]))];
      const key = keys.includes(wanted[level]) ? wanted[level] : keys[0];
      select.replaceChildren(...keys.map((one) => make("option", { value: one }, one)));
      select.value = key;
      left = left.filter((record) => record.keys[level] === key);
    });
    [chosen[name]] = left;
  }

  function start() {
    for (const [name, group] of Object.entries(groups)) {
      offer(name, group.initial);
      const selects = [...document.querySelectorAll(`select[data-group="${name}"]`)];
      selects.forEach((select) => select.addEventListener("change", () => {
        offer(name, selects.map((one) => one.value));
        drawGroup(name);
      }));
    }
    document.querySelectorAll("form").forEach((form) => {
      form.addEventListener("submit", (event) => event.preventDefault());
    });
    document.querySelectorAll("details").forEach((one) => {
      one.addEventListener("toggle", () => one.open && drawAll());
    });
    drawAll();
  }

  // Theme: the system's, until the button says otherwise.

  const button = document.getElementById("theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : dark.matches);

  function themeChanged() {
    button.setAttribute("aria-pressed", String(isDark()));
    drawAll();
  }

  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    themeChanged();
  });
  dark.addEventListener("change", themeChanged);
  let before;
  addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    root.dataset.theme = "light";
    drawAll();
  });
  addEventListener("afterprint", () => {
    if (before) root.dataset.theme = before;
    else delete root.dataset.theme;
    themeChanged();
  });

  let waiting = 0;
  let lastWidth = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === lastWidth) return;
    lastWidth = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(drawAll, 120);
  });

  start();
  button.setAttribute("aria-pressed", String(isDark()));
})();

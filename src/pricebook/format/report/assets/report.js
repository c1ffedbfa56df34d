/* The lists of a plan's page: prices with their timelines, and objects with their terms. Data goes into the document as
   text only. Rows are drawn as they are asked for, so that the page opens at once whatever the plan's size. */
(() => {
  "use strict";
  const source = document.getElementById("data");
  if (!source) return;
  const D = JSON.parse(source.textContent);
  const REFUSED = new Set(D.refused);
  const PAGE = 100;
  const FEW = 12;

  function el(tag, values, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(values || {})) if (value !== null) node.setAttribute(name, value);
    node.append(...children.flat().filter((child) => child !== null && child !== ""));
    return node;
  }
  const number = (n) => n.toLocaleString("en-US");
  const counted = (n, one) => `${number(n)} ${one}${n === 1 ? "" : "s"}`;
  const bdi = (text) => el("bdi", null, text);
  const day = (text) => (text.endsWith("T00:00:00Z") ? text.slice(0, 10) : text.replace("T", " ").replace(":00Z", "Z"));
  const minus = (text) => text.replace(/^-/, "−");
  const tags = (names) => names.map((name) => el("span", { class: `tag ${REFUSED.has(name) ? "stop" : "warn"}` }, name));
  const heads = (names, right) => el("thead", null, el("tr", null, names.map((name) => el("th", { scope: "col", class: right.includes(name) ? "num" : null }, name))));
  const region = (label, table) => el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table);

  // --- the chart of one price: past, now and to come; what was to be without the change stays as a thin line ------------

  const said = (stretch) => `${stretch[2]} from ${day(stretch[0])}${stretch[1] ? ` until ${day(stretch[1])}` : ""}`;
  const words = (stretches) => stretches.map(said).join(", ") || "no price";
  /** What was sold to everybody and no longer is has ended; what only packages sell has not. */
  function steps(stretches) {
    let sold = false;
    return stretches.map(([from, until, , level, entitled, text]) => {
      sold = sold || entitled === 1;
      return { from: Date.parse(from), to: until === null ? null : Date.parse(until), level, text, gone: sold && !entitled };
    });
  }

  function chart([before, after], small) {
    if ([...before, ...after].some((stretch) => stretch[3] === null) || (!before.length && after.length === 1)) return null;
    const series = [{ look: "observed", steps: steps(before) }, { look: "desired", dots: true, steps: steps(after) }];
    return priceChart(series, Date.parse(D.now), { small, mark: "now", label: `Price over time. Before: ${words(before)}. After: ${words(after)}.` });
  }

  function timeline(key, kind, hazards) {
    const [before, after] = D.courses[kind[6]];
    const starts = [...new Set([...before, ...after].flatMap((stretch) => [stretch[0], stretch[1]]).filter(Boolean))].sort();
    const at = (stretches, time) => stretches.find((stretch) => stretch[0] <= time && (stretch[1] === null || time < stretch[1]));
    const tell = (stretch) => (stretch ? stretch[2] : "no price");
    const rows = starts.map((time) => {
      const [was, now] = [tell(at(before, time)), tell(at(after, time))];
      return el("tr", { class: was === now ? null : "now" }, el("th", { scope: "row", class: "date" }, `from ${day(time)}`), el("td", { class: "money" }, was), el("td", { class: "money" }, was === now ? "the same" : now));
    });
    const table = el("table", null, heads(["When", "Before", "After"], ["Before", "After"]), el("tbody", null, rows));
    const drawn = chart([before, after], false);
    const ended = [before, after].some((stretches) => steps(stretches).some((one) => one.gone));
    const legend = el("p", { class: "quiet key" }, `Solid: past. Dashed: to come. Thin: what was to be without this change.${ended ? " Dotted: ended." : ""}`);
    const [tiers, curve] = [kind[8], kind[9]];
    const tiered = tiers.length ? [region(`Tiers of ${key}`, el("table", { class: "tiers" }, heads(["Quantity", "Until then", "After"], ["Until then", "After"]), el("tbody", null, tiers.map(([quantity, was, now]) => el("tr", { class: was === now ? null : "now" }, el("th", { scope: "row" }, quantity), el("td", { class: "num" }, was), el("td", { class: "num" }, now)))))), el("ul", { class: "plain" }, curve.map((line) => el("li", null, line.replace(" -> ", " → ").replace(/-(?=\d)/g, "−"))))] : [];
    return el("div", { class: "history" },
      ...tiered,
      drawn ? el("div", null, drawn, legend) : tiers.length ? "" : el("p", { class: "quiet" }, before.length || after.length > 1 ? "This price has tiers or terms that are no single number." : "A new price, the same from its first day on."),
      region(`Timeline of ${key}`, table),
      el("p", { class: "links" }, `Reaches ${kind[7]}. `, el("span", { class: "tags" }, tags(hazards))));
  }

  // --- a list that is narrowed, and drawn a piece at a time ----------------------------------------------------------------

  let serial = 0;

  /** A labelled control. */
  function labelled(control, text) {
    control.id = `c${serial += 1}`;
    return [el("label", { class: "unseen", for: control.id }, text), control];
  }
  const searching = (hint) => el("input", { type: "search", placeholder: hint, autocomplete: "off", spellcheck: "false" });
  const tokens = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

  /** Draws what `select` gives, PAGE at a time, into `list`; returns what begins anew. */
  function paged(place, list, select, draw, noun, total, focus) {
    const count = el("p", { class: "count", role: "status" });
    const more = el("button", { type: "button", class: "more" });
    let found = [];
    let drawn = 0;
    const extend = (n) => {
      list.append(...found.slice(drawn, drawn + n).map(draw));
      drawn = Math.min(drawn + n, found.length);
      more.hidden = drawn >= found.length;
      more.textContent = `Show ${number(Math.min(PAGE, found.length - drawn))} more of ${number(found.length - drawn)}`;
    };
    const anew = () => {
      found = select();
      count.textContent = found.length === total ? counted(total, noun) : `${number(found.length)} of ${counted(total, noun)}`;
      list.replaceChildren();
      drawn = 0;
      extend(PAGE);
    };
    more.addEventListener("click", () => { const next = drawn; extend(PAGE); focus(next); });
    window.addEventListener("beforeprint", () => extend(4 * PAGE));
    place.append(count);
    return [anew, more];
  }

  // --- prices ---------------------------------------------------------------------------------------------------------------

  const FATES = { up: "Going up", down: "Going down", new: "New", ended: "Ended", other: "Otherwise changed" };
  const ORDERS = { far: "Furthest moves first", up: "Largest rises first", down: "Largest falls first", name: "By name" };
  const move = (one, missing) => (one.kind[5] === null ? missing : one.kind[5]);
  /** How many times as much, or as little. */
  const far = (one) => { if (one.kind[2] === "was free") return Infinity; const by = move(one, null); return by === null ? 0 : by < 0 ? 1 / Math.max(1 + by, 1e-99) : 1 + by; };
  const COMPARE = {
    far: (a, b) => (far(a) === far(b) ? 0 : far(b) - far(a)),
    up: (a, b) => (b.kind[2] === "was free") - (a.kind[2] === "was free") || move(b, -2) - move(a, -2),
    down: (a, b) => move(a, 1e99) - move(b, 1e99),
    name: (a, b) => (a.row[0] < b.row[0] ? -1 : a.row[0] > b.row[0] ? 1 : 0),
  };

  function prices(place, card) {
    const rows = card.rows.map((row) => ({ row, kind: D.kinds[row[1]], hazards: D.hazards[row[2]], text: `${row[0]} ${D.kinds[row[1]][10]} ${D.kinds[row[1]][0]} ${D.kinds[row[1]][1]}`.toLowerCase() }));
    const fates = new Set(rows.map((one) => one.kind[4]));
    const borne = [...new Set(rows.map((one) => one.hazards))].flat();
    const option = ([value, text]) => el("option", { value }, text);
    const search = searching("Find a price: gpt-4o us");
    const fate = el("select", null, option(["", "All changes"]), Object.entries(FATES).filter(([name]) => fates.has(name)).map(option), [...new Set(borne)].map((name) => option([name, name])));
    const order = el("select", null, Object.entries(ORDERS).map(option));
    const body = el("tbody");
    const select = () => {
      const terms = tokens(search.value);
      const wanted = fate.value;
      return rows.filter((one) => (!wanted || one.kind[4] === wanted || one.hazards.includes(wanted)) && terms.every((term) => one.text.includes(term))).sort(COMPARE[order.value]);
    };
    function draw(one) {
      const [was, now, change, since, what] = one.kind;
      const opener = el("button", { type: "button", class: "open", "aria-expanded": "false" }, bdi(one.row[0]));
      const cells = [
        el("th", { scope: "row" }, opener), el("td", { class: "spark" }, chart(D.courses[one.kind[6]], true)),
        el("td", { class: "money was" }, was || "–"), el("td", { class: "money" }, now), el("td", { class: `num ${what}` }, minus(change)),
        el("td", { class: "date" }, since), el("td", null, el("span", { class: "tags" }, tags(one.hazards.filter((name) => name !== "REACHES_LIVE_CONTRACTS"))))];
      const node = el("tr", null, cells);
      opener.addEventListener("click", () => {
        const open = opener.getAttribute("aria-expanded") === "true";
        opener.setAttribute("aria-expanded", String(!open));
        if (open) node.nextElementSibling.remove();
        else node.after(el("tr", { class: "detail" }, el("td", { colspan: cells.length }, timeline(one.row[0], one.kind, one.hazards))));
      });
      return node;
    }
    if (rows.length > 10) place.append(el("div", { class: "tools", role: "search", "aria-label": "Narrow the list of prices" }, labelled(search, "Find a price"), labelled(fate, "Which changes"), labelled(order, "Order")));
    const [anew, more] = paged(place, body, select, draw, "change", rows.length, (next) => body.querySelectorAll("tr:not(.detail) .open")[next].focus());
    const table = el("table", { class: "stack prices" }, heads(["Price", "Timeline", "From", "To", "Change", "From when", "Hazards"], ["From", "To", "Change"]), body);
    place.append(el("div", { class: "scroll" }, table), more);
    search.addEventListener("input", anew);
    fate.addEventListener("change", anew);
    order.addEventListener("change", anew);
    anew();
    if (rows.length <= FEW) for (const opener of body.querySelectorAll(".open")) opener.click();
  }

  // --- objects: what happens to each, its terms side by side ------------------------------------------------------------------

  const MARKS = { "+": ["came", "added"], "-": ["went", "removed"], "~": ["changed", "changed"], "": ["same", ""] };

  function terms(object) {
    const [was, now] = object.sides || ["Before", "After"];
    const created = object.action === "create";
    const rows = object.terms.map(([path, before, after, change, mark, depth]) => {
      const name = el("th", { scope: "row", class: depth ? "part" : null }, bdi(path));
      if (created) return el("tr", null, name, el("td", null, bdi(after)));
      const [kind, told] = MARKS[mark];
      return el("tr", { class: kind }, name, el("td", null, bdi(before)), el("td", null, bdi(after)), el("td", { class: "num" }, change ? minus(change) : depth ? "" : told));
    });
    const names = created ? ["Term", "Value"] : ["Term", was, now, "Change"];
    return region(`Terms of ${object.ref}`, el("table", { class: "diff sides" }, heads(names, ["Change"]), el("tbody", null, rows)));
  }

  /* What a package offers, in words: what changes first and marked. On a narrow page both sides stand under each other. */
  function offer([[was, now], lines]) {
    const rows = lines.map(([name, before, after, differs]) => {
      const head = el("th", { scope: "row" }, bdi(name));
      if (!was) return el("tr", null, head, el("td", { class: "after" }, bdi(after)));
      if (!differs) return el("tr", { class: "same" }, head, el("td", { colspan: 2 }, bdi(after), el("span", { class: "quiet" }, " (the same)")));
      return el("tr", { class: "changed" }, head, el("td", { class: "before", "data-name": was }, bdi(before || "–")), el("td", { class: "after", "data-name": now }, bdi(after || "–")));
    });
    return el("table", { class: "offer" }, heads(was ? ["Offer", was, now] : ["Offer", now], []), el("tbody", null, rows));
  }

  function objects(place) {
    const refused = (object) => object.hazards.some((name) => REFUSED.has(name));
    const weight = (object) => (refused(object) ? 4 : 0) + (object.action === "version" ? 2 : 0) + (object.action === "archive" ? 1 : 0);
    const ranked = D.objects.map((object) => ({ object, text: `${object.ref} ${object.sentence}`.toLowerCase(), weight: weight(object) })).sort((a, b) => b.weight - a.weight);
    const search = searching("Find an object: package starter");
    const list = el("div");
    const select = () => { const wanted = tokens(search.value); return ranked.filter((one) => wanted.every((term) => one.text.includes(term))); };
    function draw({ object }) {
      const node = el("details", { class: "object" },
        el("summary", null, el("span", { class: `symbol is-${object.action}`, "aria-hidden": "true" }, object.symbol), " ", el("code", null, object.ref), " ", el("span", { class: "what" }, bdi(object.sentence)), " ", el("span", { class: "tags" }, tags(object.hazards))));
      const fill = () => {
        if (!node.open || node.childElementCount > 1) return;
        if (object.notes.length) node.append(el("ul", { class: "plain" }, object.notes.map((note) => el("li", null, bdi(note)))));
        if (object.offer) node.append(offer(object.offer));
        if (object.terms.length) node.append(object.offer ? el("details", { class: "fields" }, el("summary", null, "Every field"), terms(object)) : terms(object));
        node.append(el("p", { class: "quiet" }, object.place ? ["Declared at ", el("code", null, object.place), "."] : "No manifest declares it."));
      };
      node.addEventListener("toggle", fill);
      if (ranked.length <= FEW && object.terms.length) { node.open = true; fill(); }
      return node;
    }
    if (ranked.length > 10) place.append(el("div", { class: "tools", role: "search", "aria-label": "Narrow the list of objects" }, labelled(search, "Find an object")));
    const [anew, more] = paged(place, list, select, draw, "object", ranked.length, (next) => list.children[next].firstElementChild.focus());
    place.append(list, more);
    search.addEventListener("input", anew);
    anew();
  }

  for (const place of document.querySelectorAll("[data-prices]")) prices(place, D.cards[Number(place.dataset.prices)]);
  for (const place of document.querySelectorAll("[data-objects]")) objects(place);
  const opened = [];
  window.addEventListener("beforeprint", () => { for (const node of document.querySelectorAll("details:not([open])")) { opened.push(node); node.open = true; } });
  window.addEventListener("afterprint", () => { for (const node of opened.splice(0)) node.open = false; });
})();

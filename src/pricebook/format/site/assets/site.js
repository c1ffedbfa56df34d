// What depends on a date. All data is in PRICEBOOK (assets/prices.js). Text enters the page as text, never as markup;
// amounts come as text with their exact value beside them, and are compared as integers, never as binary fractions.
(() => {
  "use strict";
  const D = PRICEBOOK;
  const HOME = document.body.dataset.home;
  const FIRST = 4; // in a row of D.prices: card, product, frequency, group; then (start, end, terms) for each stretch
  const CHUNK = 100;
  const query = new URLSearchParams(location.search);

  // --- building blocks -----------------------------------------------------------------------------------------------

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }

  const bdi = (text) => el("bdi", null, text);
  const counted = (n, one, many) => `${n.toLocaleString("en-US")} ${n === 1 ? one : many || one + "s"}`;

  function later(call, wait) {
    let timer = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(call, wait);
    };
  }

  // --- time ----------------------------------------------------------------------------------------------------------

  const clock = (date) => date.toISOString().slice(0, 19) + "Z";
  const day = (instant) => instant.slice(0, 10);
  const when = (instant) => (instant.slice(11) === "00:00:00Z" ? day(instant) : `${day(instant)} ${instant.slice(11, 16)}Z`);

  function parse(text) {
    if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(text || "")) return null;
    const date = new Date(text.length === 10 ? `${text}T00:00:00Z` : text);
    return Number.isNaN(date.getTime()) ? null : clock(date);
  }

  /** The number of the last instant that is not after `text`; -1 before all of them. */
  function moment(text) {
    let low = 0;
    let high = D.instants.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (D.instants[middle] <= text) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  const starts = D.opens_on || clock(new Date());
  let on = parse(query.get("on")) || starts;
  let at = moment(on);
  const covers = (start, end, now) => start <= now && (end < 0 || end > now);

  // --- prices --------------------------------------------------------------------------------------------------------

  const ENTITLED = 4; // in D.terms: text, per, exact amount, unit, entitled
  const terms = (index) => (index < 0 ? null : D.terms[index]);

  /** Where in the row the stretch begins that holds at a moment; -1 where there is no rate. */
  function stretch(row, now) {
    for (let i = FIRST; i < row.length; i += 3) if (covers(row[i], row[i + 1], now)) return i;
    return -1;
  }

  function soldBefore(row, now) {
    for (let i = FIRST; i < row.length && row[i] <= now; i += 3) if (D.terms[row[i + 2]][ENTITLED]) return true;
    return false;
  }

  /** "sold", "packaged" (only where a package enables it), "ended" or "upcoming". */
  function state(row, now) {
    const i = stretch(row, now);
    if (i < 0) return row[FIRST] > now ? "upcoming" : "ended";
    if (D.terms[row[i + 2]][ENTITLED]) return "sold";
    return soldBefore(row, now) ? "ended" : "packaged";
  }

  /** The next change after a moment: [instant, terms or null], or null. */
  function next(row, now) {
    for (let i = FIRST; i < row.length; i += 3) {
      if (row[i] > now) return [row[i], terms(row[i + 2])];
      if (row[i + 1] > now && row[i + 3] !== row[i + 1]) return [row[i + 1], null];
    }
    return null;
  }

  const groups = (row) => D.groups[row[3]];
  const groupText = (row) => groups(row).map((pair) => pair[1]).join(" · ");
  const frequency = (row) => D.frequencies[row[2]];
  const hay = D.prices.map((row) => {
    const product = D.products[row[1]];
    const words = [product[1], product[0], D.cards[row[0]][1], frequency(row) || ""];
    for (const [name, value] of groups(row)) words.push(value, `${name}=${value}`);
    return words.join(" ").toLowerCase();
  });

  function anchor(row) {
    const parts = [D.cards[row[0]][0], frequency(row) || "", ...groups(row).map(([name, value]) => `${name}=${value}`)];
    return parts.map(encodeURIComponent).join(";");
  }

  function page(row) {
    const product = D.products[row[1]];
    return product[2] ? `${HOME}products/${product[0]}.html#${anchor(row)}` : `${HOME}rate-cards/${D.cards[row[0]][0]}.html`;
  }

  const paid = new Set(D.packages.flatMap(([, versions]) => versions.flatMap((version) => version[6].map(([product, every]) => `${product} ${every}`))));
  /** What to say of a price that nobody gets by the card alone. */
  const withheld = (row) => (frequency(row) === null || paid.has(`${row[1]} ${frequency(row)}`) ? "in packages only" : "not sold");

  function money(found, row) {
    if (!found) return [];
    const parts = [bdi(found[0] || "no price")];
    if (found[1]) parts.push(" ", el("small", null, found[1]));
    if (row && !found[ENTITLED]) parts.push(" ", el("small", null, withheld(row)));
    return parts;
  }

  // --- exact comparison ----------------------------------------------------------------------------------------------

  function integer(text, places) {
    const [whole, fraction = ""] = text.split(".");
    return BigInt(whole + fraction.padEnd(places, "0"));
  }

  /** The signed rounded quotient, half to even. */
  function divide(n, d) {
    const sign = n < 0n ? -1n : 1n;
    const size = n * sign;
    let q = size / d;
    const rest = (size % d) * 2n;
    if (rest > d || (rest === d && q % 2n)) q += 1n;
    return q * sign;
  }

  /** `-20.0 %`, with more decimals where one would say "nothing" or "everything"; empty from zero. */
  function relative(was, now) {
    const places = Math.max(...[was, now].map((text) => (text.split(".")[1] || "").length));
    const a = integer(was, places);
    const moved = integer(now, places) - a;
    if (!a || !moved) return "";
    const size = a < 0n ? -a : a;
    for (let digits = 1; digits <= 14; digits += 1) {
      const kept = digits === 14 ? 1 : digits; // what is nothing in 13 places is said as nothing
      const scale = 10n ** BigInt(kept);
      const rounded = divide(moved * 100n * scale, size);
      const dull = rounded === 0n || (rounded === -100n * scale && moved !== -size);
      if (dull && digits < 14) continue;
      const text = (rounded < 0n ? -rounded : rounded).toString().padStart(kept + 1, "0");
      const whole = BigInt(text.slice(0, -kept)).toLocaleString("en-US");
      return `${moved < 0n ? "-" : "+"}${whole}.${text.slice(-kept)} %`;
    }
  }

  /** What becomes of a price: "new", "ended", "up", "down", "other", or "" where the terms are the same. */
  function fate(was, now) {
    if (was === now) return "";
    if (!was) return "new";
    if (!now || (was[ENTITLED] && !now[ENTITLED])) return "ended";
    if (!was[ENTITLED] && now[ENTITLED]) return "new";
    if (was[2] === null || now[2] === null || was[3] !== now[3] || was[2] === now[2]) return "other";
    const places = Math.max(...[was, now].map((found) => (found[2].split(".")[1] || "").length));
    return integer(now[2], places) > integer(was[2], places) ? "up" : "down";
  }

  const share = (was, now) => (was && now && was[2] !== null && now[2] !== null && was[3] === now[3] ? relative(was[2], now[2]) : "");

  // --- the chart of one price ----------------------------------------------------------------------------------------

  function chart(row) {
    const steps = [];
    let sold = false;
    for (let i = FIRST; i < row.length; i += 3) {
      const [text, per, exact, , entitled] = D.terms[row[i + 2]];
      if (exact === null) return null;
      sold = sold || entitled === 1;
      const to = row[i + 1] < 0 ? null : Date.parse(D.instants[row[i + 1]]);
      steps.push({ from: Date.parse(D.instants[row[i]]), to, level: Number(exact), text, per, gone: sold && !entitled });
    }
    const words = steps.map((step) => `${step.text} ${step.per} from ${day(clock(new Date(step.from)))}`).join(", ");
    return priceChart([{ look: "", dots: true, steps }], Date.parse(on), { label: `Price over time: ${words}` });
  }

  function history(row) {
    const lines = [];
    let was = null;
    let end = -1;
    for (let i = FIRST; i < row.length; i += 3) {
      const now = terms(row[i + 2]);
      if (was && end !== row[i]) was = null;
      const kind = was ? fate(was, now) : "";
      const until = row[i + 1] < 0 ? [] : [el("br"), `until ${when(D.instants[row[i + 1]])}`];
      const said = kind === "ended" && was[2] === now[2] ? ["ended"] : money(now, row);
      const label = kind === "up" || kind === "down" ? share(was, now) : "";
      lines.push(
        el("tr", { class: covers(row[i], row[i + 1], at) ? "now" : null },
          el("th", { scope: "row", class: "date" }, `from ${when(D.instants[row[i]])}`, until), el("td", { class: "money" }, said),
          el("td", { class: `num ${kind}` }, label)));
      was = now;
      end = row[i + 1];
    }
    const head = el("thead", null, el("tr", null, el("th", { scope: "col" }, "When"), el("th", { scope: "col", class: "num" }, "Price"), el("th", { scope: "col", class: "num" }, "Change")));
    const table = el("div", { class: "scroll" }, el("table", null, head, el("tbody", null, lines.reverse())));
    const link = el("p", { class: "links" }, el("a", { href: keep(page(row)) }, "Link to this price"), ` on ${D.cards[row[0]][1]}`);
    return el("div", { class: "history" }, chart(row) || el("p", { class: "quiet" }, "This price has tiers or terms that are no single number."), table, link);
  }

  // --- the table of prices -------------------------------------------------------------------------------------------

  function priceTable(section) {
    const card = section.dataset.card === undefined ? -1 : Number(section.dataset.card);
    const product = section.dataset.product === undefined ? -1 : Number(section.dataset.product);
    const scope = [];
    D.prices.forEach((row, n) => {
      if ((card < 0 || row[0] === card) && (product < 0 || row[1] === product)) scope.push(n);
    });
    const filters = [];
    const search = el("input", { type: "search", placeholder: "Search: all words must occur", "aria-label": "Search prices", value: query.get("q") || "", autocomplete: "off" });
    const every = el("input", { type: "checkbox" });
    every.checked = query.has("all");
    const tools = el("div", { class: "tools" }, search);

    function choose(name, label, of, text) {
      const found = new Map();
      for (const n of scope) {
        const value = of(D.prices[n]);
        if (value !== null) found.set(value, (found.get(value) || 0) + 1);
      }
      if (found.size < 2 || found.size > 400) return;
      const options = [...found.keys()].map((value) => [value, text(value)]).sort((a, b) => (a[1] < b[1] ? -1 : 1));
      const select = el("select", { "aria-label": label }, el("option", { value: "" }, label));
      const asked = query.get(name);
      options.forEach(([value, words], index) => {
        select.append(el("option", { value: index, selected: asked === words }, words));
      });
      select.addEventListener("change", changed);
      tools.append(select);
      filters.push({ name, select, of, value: () => (select.value === "" ? null : options[Number(select.value)]) });
    }

    const changed = () => {
      limit = CHUNK;
      draw();
      remember();
    };
    const soon = later(changed, 60);
    let limit = CHUNK;
    let order = { by: "", down: false };
    const head = el("thead");
    const body = el("tbody");
    const count = el("p", { class: "count", role: "status" });
    const more = el("button", { type: "button", class: "more", onclick: () => { limit += CHUNK * 5; draw(); } });
    const table = el("table", { class: "stack" }, head, body);
    if (card < 0) choose("card", "All rate cards", (row) => row[0], (value) => D.cards[value][1]);
    if (product < 0) choose("product", "All products", (row) => row[1], (value) => D.products[value][1]);
    choose("frequency", "All billing", frequency, (value) => value.toLowerCase());
    const names = new Set(scope.flatMap((n) => groups(D.prices[n]).map((pair) => pair[0])));
    for (const name of [...names].sort()) {
      const value = (row) => (groups(row).find((pair) => pair[0] === name) || [name, null])[1];
      choose(`for.${name}`, `Any ${name}`, value, (text) => text);
    }
    tools.append(el("label", { class: "check" }, every, "Also ended and upcoming"));
    tools.append(el("button", { type: "button", onclick: download }, "CSV"));
    search.addEventListener("input", soon);
    every.addEventListener("change", changed);
    section.append(tools, count, el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Prices" }, table), more);

    const cards = new Set(scope.map((n) => D.prices[n][0])).size > 1;
    const billed = scope.some((n) => frequency(D.prices[n]) !== null);
    const grouped = scope.some((n) => groups(D.prices[n]).length);
    const columns = [
      ...(product < 0 ? [["product", "Product"]] : []),
      ...(grouped || (product >= 0 && !billed) ? [["for", names.size ? [...names].sort().join(" · ") : "Price of"]] : []),
      ...(billed ? [["billed", "Billed"]] : []),
      ...(cards ? [["card", "Rate card"]] : []),
      ["price", "Price"], ["since", "Since"], ["next", "Next change"],
    ];
    const amount = (n) => {
      const i = stretch(D.prices[n], at);
      const found = i < 0 ? null : D.terms[D.prices[n][i + 2]][2];
      return found === null ? -1 : Number(found);
    };
    const keys = {
      product: (n) => D.products[D.prices[n][1]][1].toLowerCase(),
      for: (n) => groupText(D.prices[n]).toLowerCase(),
      billed: (n) => frequency(D.prices[n]) || "",
      card: (n) => D.cards[D.prices[n][0]][1].toLowerCase(),
      price: amount,
      since: (n) => { const i = stretch(D.prices[n], at); return i < 0 ? -1 : D.prices[n][i]; },
      next: (n) => { const found = next(D.prices[n], at); return found ? found[0] : D.instants.length; },
    };

    function chosen() {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const set = filters.map((filter) => [filter.of, filter.value()]).filter((pair) => pair[1] !== null);
      const found = scope.filter((n) => {
        const row = D.prices[n];
        return words.every((word) => hay[n].includes(word)) && set.every(([of, value]) => of(row) === value[0]);
      });
      const shown = every.checked ? found : found.filter((n) => { const is = state(D.prices[n], at); return is === "sold" || is === "packaged"; });
      if (order.by) {
        const key = new Map(shown.map((n) => [n, keys[order.by](n)]));
        const sign = order.down ? -1 : 1;
        shown.sort((a, b) => (key.get(a) < key.get(b) ? -sign : key.get(a) > key.get(b) ? sign : a - b));
      }
      return [shown, found.length - shown.length];
    }

    function line(n) {
      const row = D.prices[n];
      const i = stretch(row, at);
      const is = state(row, at);
      const cells = { product: D.products[row[1]][1], for: groupText(row), billed: frequency(row) ? frequency(row).toLowerCase() : "", card: D.cards[row[0]][1] };
      const detail = `price-${n}`;
      const label = columns[0][0] === "product" ? cells.product : (columns[0][0] === "for" && cells.for) || cells.billed || "price";
      const open = el("button", { class: "open", type: "button", "aria-expanded": "false", "aria-controls": detail, onclick: () => toggle(open, tr, n) }, bdi(label));
      const coming = next(row, at);
      const tags = is === "sold" ? [] : [" ", el("small", null, { packaged: withheld(row), ended: "ended", upcoming: "not yet" }[is])];
      const price = is === "ended" && i >= 0 ? [el("small", null, "ended")] : [...money(i < 0 ? null : terms(row[i + 2])), ...tags];
      const parts = columns.map(([name], index) => {
        if (index === 0) return el("th", { scope: "row" }, open);
        if (name === "price") return el("td", { class: "money" }, price);
        if (name === "since") return el("td", { class: "date wide-only" }, i < 0 ? "" : when(D.instants[row[i]]));
        if (name === "next") return el("td", null, coming ? said(row, i, coming) : "");
        return el("td", null, cells[name] ? bdi(cells[name]) : "");
      });
      const tr = el("tr", { class: is === "ended" || is === "upcoming" ? "off" : null }, parts);
      return tr;
    }

    function said(row, i, [instant, then]) {
      const was = i < 0 ? null : terms(row[i + 2]);
      const kind = fate(was, then);
      const words = kind === "ended" ? ["ends"] : [bdi(then[0]), then[1] && !(was && was[1] === then[1]) ? ` ${then[1]}` : ""];
      return [el("span", { class: kind }, words, kind === "up" || kind === "down" ? ` (${share(was, then)})` : ""), ` on ${when(D.instants[instant])}`];
    }

    /** What is listed, as a table for a spreadsheet: exact amounts, and nothing that a spreadsheet would calculate. */
    function download() {
      const keyNames = [...names].sort();
      const cell = (value) => {
        const text = value === null || value === undefined ? "" : String(value);
        const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
        return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
      };
      const lines = [["rate_card", "product", "name", ...keyNames, "billing_frequency", "state", "amount", "unit", "text", "since"]];
      for (const n of chosen()[0]) {
        const row = D.prices[n];
        const i = stretch(row, at);
        const found = i < 0 ? [] : terms(row[i + 2]);
        const of = (name) => (groups(row).find((pair) => pair[0] === name) || [])[1];
        const [key, title] = D.products[row[1]];
        const text = i < 0 ? "" : [found[0], found[1]].filter(Boolean).join(" ");
        lines.push([D.cards[row[0]][0], key, title, ...keyNames.map(of), frequency(row), state(row, at), found[2], found[3], text, i < 0 ? "" : D.instants[row[i]]]);
      }
      const blob = new Blob(["\ufeff", lines.map((line) => line.map(cell).join(",")).join("\r\n"), "\r\n"], { type: "text/csv" });
      const link = el("a", { href: URL.createObjectURL(blob), download: `prices-${day(on)}.csv` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }

    function toggle(open, tr, n) {
      const shut = open.getAttribute("aria-expanded") === "true";
      open.setAttribute("aria-expanded", String(!shut));
      if (shut) tr.nextSibling.remove();
      else tr.after(el("tr", { class: "detail", id: `price-${n}` }, el("td", { colspan: columns.length }, history(D.prices[n]))));
    }

    function draw() {
      head.replaceChildren(el("tr", null, columns.map(([name, label]) => {
        const by = order.by === name;
        const press = () => { order = by && order.down ? { by: "", down: false } : { by: name, down: by }; draw(); head.querySelector(`[data-by=${name}]`).focus(); };
        const sort = by ? (order.down ? "descending" : "ascending") : null;
        const kind = name === "price" ? "num" : name === "since" ? "wide-only" : null;
        return el("th", { scope: "col", class: kind, "aria-sort": sort }, el("button", { type: "button", "data-by": name, onclick: press }, label));
      })));
      const [found, hidden] = chosen();
      body.replaceChildren(...found.slice(0, limit).map(line));
      more.hidden = found.length <= limit;
      more.textContent = `Show more of ${counted(found.length - limit, "price")}`;
      const rest = hidden ? `; ${hidden.toLocaleString("en-US")} ended or upcoming` : "";
      count.textContent = `${counted(found.length, "price")}${rest}`;
    }

    function remember() {
      const values = { q: search.value.trim(), all: every.checked ? "1" : "" };
      for (const filter of filters) values[filter.name] = filter.value() ? filter.value()[1] : "";
      address(values);
    }

    /** Show and open the price that the address names. */
    function follow() {
      const asked = location.hash.slice(1);
      const n = asked ? scope.find((index) => anchor(D.prices[index]) === asked) : undefined;
      if (n === undefined) return;
      if (state(D.prices[n], at) !== "sold" && state(D.prices[n], at) !== "packaged") every.checked = true;
      const place = chosen()[0].indexOf(n);
      if (place >= limit) limit = place + CHUNK;
      draw();
      const open = body.querySelector(`[aria-controls=price-${n}]`);
      if (!open) return;
      toggle(open, open.closest("tr"), n);
      open.focus({ preventScroll: true });
      open.scrollIntoView({ block: "center" });
    }

    draw();
    if (product >= 0 && scope.length && scope.length <= 3) for (const open of body.querySelectorAll(".open")) open.click();
    follow();
    addEventListener("hashchange", follow);
    addEventListener("beforeprint", () => { limit = Math.max(limit, 2000); draw(); });
    return draw;
  }

  // --- changes -------------------------------------------------------------------------------------------------------

  /** Every change after moment `a` up to moment `b`: [instant, row, terms before, terms after, fate]. */
  function steps(a, b) {
    const found = [];
    for (let n = 0; n < D.prices.length; n += 1) {
      const row = D.prices[n];
      for (let i = FIRST; i < row.length; i += 3) {
        if (row[i] > a && row[i] <= b) {
          const was = i > FIRST && row[i - 2] === row[i] ? terms(row[i - 1]) : null;
          found.push([row[i], n, was, terms(row[i + 2]), fate(was, terms(row[i + 2]))]);
        }
        if (row[i + 1] > a && row[i + 1] <= b && row[i + 3] !== row[i + 1]) found.push([row[i + 1], n, terms(row[i + 2]), null, "ended"]);
      }
    }
    return found;
  }

  /** The net difference between two moments, in the same form; its instant is that of the last change. */
  function net(a, b) {
    const found = [];
    for (let n = 0; n < D.prices.length; n += 1) {
      const row = D.prices[n];
      const [i, j] = [stretch(row, a), stretch(row, b)];
      const [was, now] = [i < 0 ? null : terms(row[i + 2]), j < 0 ? null : terms(row[j + 2])];
      const kind = was || now ? fate(was, now) : "";
      if (kind) found.push([b, n, was, now, kind]);
    }
    return found;
  }

  /** What happens to packages and aliases after moment `a` up to moment `b`: [instant, words, link]. */
  function events(a, b) {
    const found = [];
    for (const [name, versions] of D.packages)
      for (const [number, title, made] of versions)
        if (made > a && made <= b) found.push([made, number === 1 ? "New package" : "New version", `${title} · version ${number}`, `${HOME}packages/${name}.html#v${number}`]);
    for (const [packaged, alias, name, version, start] of D.aliases)
      if (start > a && start <= b)
        found.push([start, `Alias ${alias} stands for`, packaged ? `${name} · version ${version}` : name, packaged ? `${HOME}packages/${name}.html#v${version}` : `${HOME}rate-cards/${name}.html`]);
    return found;
  }

  const FATES = ["up", "down", "new", "ended", "other"];
  const WORDS = { up: "up", down: "down", new: "new", ended: "ended", other: "otherwise changed" };

  function tally(found) {
    const counts = Object.fromEntries(FATES.map((kind) => [kind, 0]));
    for (const step of found) if (step[4]) counts[step[4]] += 1;
    return FATES.filter((kind) => counts[kind]).map((kind) => [kind, counts[kind]]);
  }

  const summary = (counts) => counts.map(([kind, n], index) => [index ? " · " : "", el("span", { class: kind }, `${n.toLocaleString("en-US")} ${WORDS[kind]}`)]).flat();

  function byDay(found, of) {
    const days = new Map();
    for (const item of found) {
      const key = day(D.instants[of(item)]);
      if (!days.has(key)) days.set(key, []);
      days.get(key).push(item);
    }
    return days;
  }

  const dayBefore = (text) => day(clock(new Date(Date.parse(`${text}T00:00:00Z`) - 86400000)));

  function dates(place, limit) {
    const draw = () => {
      const last = D.instants.length - 1;
      const [prices, others] = [byDay(steps(-1, last), (s) => s[0]), byDay(events(-1, last), (e) => e[0])];
      const all = [...new Set([...prices.keys(), ...others.keys()])].sort().reverse().slice(0, limit);
      place.replaceChildren(el("ul", { class: "dates" }, all.map((key) => {
        const happened = others.get(key) || [];
        const made = happened.filter((event) => event[1].startsWith("New")).length;
        const words = [summary(tally(prices.get(key) || []))];
        if (made) words.push(el("span", null, counted(made, "package version")));
        if (happened.length > made) words.push(el("span", null, counted(happened.length - made, "alias", "aliases")));
        const soon = `${key}T00:00:00Z` > on ? [el("span", { class: "tag next" }, "upcoming")] : [];
        return el("li", null, el("a", { href: keep(`${HOME}changes.html?from=${dayBefore(key)}&to=${key}`) }, el("time", { datetime: key }, key), words.filter((part) => part.length !== 0).map((part) => el("span", null, part)), soon));
      })));
      if (!all.length) place.replaceChildren(el("p", { class: "quiet" }, "Nothing has changed yet."));
    };
    draw();
    return draw;
  }

  function changeLog(section) {
    const known = D.instants.map(day);
    const field = (label, value) => {
      const input = el("input", { type: "date", required: true, value });
      return [el("label", { class: "field" }, label, input), input];
    };
    const today = day(on);
    const newest = known.length && known[known.length - 1] > today ? known[known.length - 1] : today;
    const valid = (name, otherwise) => (parse(query.get(name)) ? day(parse(query.get(name))) : otherwise);
    const [fromLabel, from] = field("After", valid("from", known[0] || today));
    const [toLabel, to] = field("up to", valid("to", newest));
    const search = el("input", { type: "search", placeholder: "Search: all words must occur", "aria-label": "Search changes", value: query.get("q") || "", autocomplete: "off" });
    const kind = el("select", { "aria-label": "Kind of change" }, el("option", { value: "" }, "All changes"), FATES.map((name) => el("option", { value: name, selected: query.get("kind") === name }, WORDS[name])));
    const mode = el("select", { "aria-label": "What to list" }, el("option", { value: "" }, "Every step"), el("option", { value: "net", selected: query.get("view") === "net" }, "Net difference"));
    const count = el("p", { class: "count", role: "status" });
    const list = el("div");
    const overview = el("div");
    section.append(el("div", { class: "tools" }, fromLabel, toLabel, mode, kind, search), count, list, el("h2", null, "All dates"), overview);
    const redate = dates(overview, 400);

    function rows(found, limit) {
      return found.slice(0, limit).map(([, n, was, now, fated]) => {
        const row = D.prices[n];
        const what = [D.products[row[1]][1], groupText(row)].filter(Boolean).join(" · ");
        const per = now && now[1] && was && was[1] === now[1];
        const before = was ? (per ? [bdi(was[0])] : money(was)) : [];
        const after = fated === "ended" ? ["ended"] : money(now, row);
        return el("tr", null,
          el("th", { scope: "row" }, el("a", { href: keep(page(row)) }, bdi(what)), frequency(row) ? ` ${BILLED[frequency(row)]}` : "", D.cards.length > 1 ? ` · ${D.cards[row[0]][1]}` : ""),
          el("td", { class: "num was" }, before), el("td", { class: "money" }, after),
          el("td", { class: `num ${fated}` }, fated === "up" || fated === "down" ? share(was, now) : WORDS[fated]));
      });
    }

    function group(title, found, happened) {
      const head = el("thead", null, el("tr", null, ["Price", "Before", "After", "Change"].map((name, index) => el("th", { scope: "col", class: index ? "num" : null }, name))));
      const body = el("tbody", null, rows(found, CHUNK));
      const parts = [el("h2", null, title, el("small", null, summary(tally(found))))];
      if (happened.length) parts.push(el("ul", { class: "plain events" }, happened.map(([, words, text, link]) => el("li", null, bdi(words), " ", el("a", { href: keep(link) }, bdi(text))))));
      if (found.length) parts.push(el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Changed prices" }, el("table", { class: "stack" }, head, body)));
      if (found.length > CHUNK) {
        const more = el("button", { type: "button", class: "more", onclick: () => { body.replaceChildren(...rows(found, found.length)); more.remove(); } }, `Show all ${counted(found.length, "price")}`);
        parts.push(more);
      }
      return el("section", { class: "group" }, parts);
    }

    function draw() {
      const [start, stop] = [parse(from.value), parse(to.value)];
      if (!start || !stop || start > stop) {
        count.textContent = "The first date must not be after the second.";
        list.replaceChildren();
        return;
      }
      const [a, b] = [moment(start), moment(`${to.value}T23:59:59Z`)];
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = (step) => step[4] && (!kind.value || step[4] === kind.value) && words.every((word) => hay[step[1]].includes(word));
      const netted = mode.value === "net";
      const found = (a < b ? (netted ? net(a, b) : steps(a, b)) : []).filter(wanted);
      const happened = kind.value ? [] : events(a, b).filter((event) => words.every((word) => event[2].toLowerCase().includes(word)));
      const size = ([, , was, now, kind]) => (kind === "up" || kind === "down" ? Math.abs(Number(now[2]) / Number(was[2]) - 1) : -1); // to sort by
      const rank = (step) => FATES.indexOf(step[4]);
      const sized = new Map(found.map((step) => [step, size(step)]));
      found.sort((x, y) => rank(x) - rank(y) || sized.get(y) - sized.get(x) || x[1] - y[1]);
      count.textContent = `${counted(found.length, "price change")}, ${counted(happened.length, "change")} of packages and aliases, after ${from.value} up to ${to.value}`;
      if (netted) {
        list.replaceChildren(group(`${from.value} → ${to.value}`, found, happened));
        return;
      }
      const [prices, others] = [byDay(found, (s) => s[0]), byDay(happened, (e) => e[0])];
      const all = [...new Set([...prices.keys(), ...others.keys()])].sort().reverse();
      list.replaceChildren(...all.map((key) => group(key, prices.get(key) || [], others.get(key) || [])));
      if (!all.length) list.replaceChildren(el("p", { class: "note" }, "Nothing changes between these dates."));
    }

    const changed = () => { draw(); address({ from: from.value, to: to.value, q: search.value.trim(), kind: kind.value, view: mode.value }); };
    for (const input of [from, to, kind, mode]) input.addEventListener("change", changed);
    search.addEventListener("input", later(changed, 60));
    draw();
    return () => { draw(); redate(); };
  }

  // --- a card as a matrix: what is priced by the same group values, product beside product ---------------------------------

  const MOST = 30;
  const narrow = () => window.matchMedia("(max-width: 46rem)").matches;

  function matrix(place) {
    const draw = () => {
      const tables = [];
      D.cards.forEach(([, name], card) => {
        const families = new Map();
        for (const row of D.prices) {
          if (row[0] !== card || frequency(row) !== null || !groups(row).length || state(row, at) !== "sold") continue;
          const keys = groups(row).map((pair) => pair[0]).join(" · ");
          if (!families.has(keys)) families.set(keys, { products: new Set(), rows: new Map() });
          const family = families.get(keys);
          family.products.add(row[1]);
          const values = groupText(row);
          if (!family.rows.has(values)) family.rows.set(values, new Map());
          family.rows.get(values).set(row[1], row);
        }
        for (const [keys, family] of families) {
          const counts = new Map([...family.products].map((product) => [product, [...family.rows.values()].filter((found) => found.has(product)).length]));
          const products = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || a - b).slice(0, narrow() ? 2 : 6).sort((a, b) => a - b);
          const filled = (found) => products.filter((product) => found.has(product)).length;
          const pers = products.map((product) => { for (const found of family.rows.values()) if (found.has(product)) return terms(found.get(product)[stretch(found.get(product), at) + 2])[1]; return ""; });
          const every = [...family.rows];
          const fullest = new Set([...every].sort((a, b) => filled(b[1]) - filled(a[1])).slice(0, MOST)); // of many those that say most
          const listed = every.filter((row) => fullest.has(row));
          const head = el("thead", null, el("tr", null, el("th", { scope: "col" }, bdi(keys)), products.map((product, index) => el("th", { scope: "col", class: "num" }, bdi(D.products[product][1]), el("br"), el("small", null, pers[index])))));
          const body = listed.map(([values, found]) => el("tr", null, el("th", { scope: "row" }, bdi(values)), products.map((product) => {
            const row = found.get(product);
            return el("td", { class: "num" }, row ? el("a", { href: keep(page(row)) }, bdi(terms(row[stretch(row, at) + 2])[0] || "–")) : "–");
          })));
          const rest = family.rows.size - listed.length;
          tables.push(el("h3", null, bdi(name)), el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Prices of ${name}` }, el("table", { class: "matrix" }, head, el("tbody", null, body))));
          const beside = [...counts.keys()].filter((product) => !products.includes(product)).sort((x, y) => x - y);
          if (beside.length) tables.push(el("p", { class: "quiet" }, "Besides: ", beside.slice(0, MOST).map((product, index) => [index ? ", " : "", D.products[product][2] ? el("a", { href: keep(`${HOME}products/${D.products[product][0]}.html`) }, bdi(D.products[product][1])) : bdi(D.products[product][1])]).flat()));
          if (rest > 0) tables.push(el("p", { class: "quiet" }, el("a", { href: keep(`${HOME}prices.html`) }, `and ${counted(rest, "more row")}, and every product`)));
        }
      });
      place.replaceChildren(...(tables.length ? [el("h2", null, "Prices"), ...tables] : []));
    };
    draw();
    return draw;
  }

  // --- packages ------------------------------------------------------------------------------------------------------

  /** The version of a package for contracts that start at a moment: by alias, or else the newest that is not archived. */
  function current(number, now) {
    const [name, versions] = D.packages[number];
    const held = D.aliases.filter((a) => a[0] && a[2] === name && covers(a[4], a[5], now)).map((a) => a[3]);
    const best = held.length ? Math.max(...held) : 0;
    if (held.length) return versions.find((version) => version[0] === best) || null;
    return versions.filter((version) => version[2] <= now && !version[3]).pop() || null;
  }

  function fees(version, now) {
    let card = version[4];
    if (version[5]) {
      const held = D.aliases.find((a) => !a[0] && a[1] === card && covers(a[4], a[5], now));
      card = held ? held[2] : null;
    }
    const number = D.cards.findIndex((found) => found[0] === card);
    return version[6].map(([product, billed]) => {
      const row = D.prices.find((p) => p[0] === number && p[1] === product && frequency(p) === billed);
      const i = row ? stretch(row, now) : -1;
      return i < 0 ? null : [terms(row[i + 2]), D.products[product][1]];
    }).filter(Boolean);
  }

  function packageCards(list) {
    const places = [...list.children].map((item) => item.firstElementChild);
    const draw = () => places.forEach((place, number) => {
      const [, versions] = D.packages[number];
      const version = current(number, at);
      const upcoming = versions.filter((found) => found[2] > at && found !== version).length;
      const title = (version || versions[versions.length - 1])[1];
      const charged = version ? fees(version, at) : [];
      place.replaceChildren(
        el("strong", null, bdi(title)),
        ...charged.map(([found, name]) => el("span", { class: "fee" }, bdi(found[0]), " ", el("small", null, `${found[1]}${version[7] ? ", list price" : ""} · `, bdi(name)))),
        ...(version && !charged.length && !version[8].some((line) => line[2]) ? [el("span", { class: "fee" }, "No fee")] : []),
        ...(version ? version[8].map(([name, text]) => el("span", { class: "grant" }, bdi(name), ": ", bdi(text))) : []),
        el("span", { class: "tags" },
          version ? el("span", { class: "tag live" }, `version ${version[0]}${versions.length > 1 ? ` of ${versions.length}` : ""}`) : el("span", { class: "tag" }, "not sold on this date"),
          upcoming ? el("span", { class: "tag next" }, `${counted(upcoming, "version")} to come`) : ""));
    });
    draw();
    return draw;
  }

  function dated() {
    for (const section of document.querySelectorAll("[data-version]")) {
      const [number, version] = section.dataset.version.split("/").map(Number);
      const found = current(number, at);
      const [, , made] = D.packages[number][1].find((one) => one[0] === version);
      const tags = section.querySelector(".tags");
      for (const old of tags.querySelectorAll("[data-dated]")) old.remove();
      if (found && found[0] === version) tags.append(" ", el("span", { class: "tag live", "data-dated": true }, `sold on ${when(on)}`));
      else if (made > at) tags.append(" ", el("span", { class: "tag next", "data-dated": true }, `not there yet on ${when(on)}`));
    }
    for (const place of document.querySelectorAll("[data-total]")) {
      const held = D.prices.filter((row) => ["sold", "packaged"].includes(state(row, at))).length;
      place.textContent = `${counted(held, "price")} on ${day(on)},`;
    }
    for (const place of document.querySelectorAll("[data-holder]")) {
      const found = current(Number(place.dataset.holder), at);
      place.replaceChildren("· ", found ? el("a", { href: `#v${found[0]}` }, `version ${found[0]} is sold on ${day(on)}`) : `not sold on ${day(on)}`);
    }
    for (const row of document.querySelectorAll("[data-held]")) {
      const [start, end] = row.dataset.held.split("/");
      row.className = start <= on && (!end || end > on) ? "now" : end && end <= on ? "off" : "";
    }
  }

  // --- the page ------------------------------------------------------------------------------------------------------

  /** A link of ours with the date that is looked at. */
  function keep(href) {
    if (on === starts) return href;
    const [rest, hash] = href.split("#");
    const [path, search] = rest.split("?");
    const values = new URLSearchParams(search || "");
    values.set("on", when(on).includes(" ") ? on : day(on));
    return `${path}?${values}${hash === undefined ? "" : `#${hash}`}`;
  }

  function address(values) {
    for (const [name, value] of Object.entries(values)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    const search = query.toString();
    try {
      window.history.replaceState(null, "", `${location.pathname}${search ? `?${search}` : ""}${location.hash}`);
    } catch { /* a page opened from a disk may not change its address everywhere */ }
  }

  function relink() {
    for (const link of document.querySelectorAll("a[href]")) {
      const href = link.dataset.href || link.getAttribute("href");
      if (/^([a-z]+:|#)/i.test(href) || href.includes("feed")) continue;
      link.dataset.href = href.replace(/([?&])on=[^&#]*&?/, "$1").replace(/[?&](?=#|$)/, "");
      link.setAttribute("href", keep(link.dataset.href));
    }
    for (const form of document.querySelectorAll("form[action]")) {
      for (const old of form.querySelectorAll("[name=on]")) old.remove();
      if (on !== starts) form.append(el("input", { type: "hidden", name: "on", value: on }));
    }
  }

  const redraws = [];
  for (const section of document.querySelectorAll("[data-prices]")) redraws.push(priceTable(section));
  for (const section of document.querySelectorAll("[data-changes]")) redraws.push(changeLog(section));
  for (const place of document.querySelectorAll("[data-matrix]")) redraws.push(matrix(place));
  for (const list of document.querySelectorAll("[data-packages]")) redraws.push(packageCards(list));
  for (const place of document.querySelectorAll("[data-dates]")) redraws.push(dates(place, 6));
  for (const input of document.querySelectorAll("[data-narrow]")) {
    const rows = [...document.querySelectorAll(input.dataset.narrow)].map((row) => [row, row.textContent.toLowerCase()]);
    input.hidden = false;
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const [row, text] of rows) row.hidden = !words.every((word) => text.includes(word));
    });
  }

  const form = document.querySelector("[data-on]");
  const input = form.querySelector("input");
  const said = document.querySelector("[data-as-of]");
  form.hidden = false;
  function show() {
    input.value = day(on);
    said.textContent = `Shown as of ${when(on)}.`;
    dated();
    relink();
  }
  function move(text, named) {
    on = text;
    at = moment(on);
    address({ on: named });
    for (const redraw of redraws) redraw();
    show();
  }
  input.addEventListener("change", () => { const text = parse(input.value); if (text) move(text, input.value); });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("[data-today]").addEventListener("click", () => { const now = clock(new Date()); move(now, D.opens_on ? day(now) : ""); });
  show();
})();

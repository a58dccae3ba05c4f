/* Reads a diary that its owner opens: in the browser, nothing is sent anywhere and nothing kept.
   It counts and lists what was written down, by month; it judges nothing. The columns are the
   items of a list in a box of the class evidence-diary: "heading (kind): what to write". */
(function () {
  "use strict";
  const box = document.querySelector(".evidence-diary");
  // [heading, kind], the first is the day
  const columns = [...box.querySelectorAll("li")].map((item) =>
    /^(.+?) \(([^()]+)\):/.exec(item.textContent.trim()).slice(1));
  const report = document.createElement("div");
  report.setAttribute("role", "status");

  const add = (parent, tag, text = "") => {
    const element = document.createElement(tag);
    element.textContent = text;
    parent.append(element);
    return element;
  };

  // Rows of cells: a quoted cell may hold separators, line breaks, and quotes written twice.
  function parse(text) {
    const separator = text.split("\n", 1)[0].includes(";") ? ";" : ",";
    const end = `(${separator}|\\r?\\n|$)`, bare = `[^${separator}\\r\\n]*`;
    const cell = new RegExp(`(?:"((?:[^"]|"")*)"${bare}|(${bare}))${end}`, "gy");
    const rows = [[]];
    for (const [, quoted, plain, stop] of text.replace(/^\ufeff/, "").matchAll(cell)) {
      const content = quoted === undefined ? plain : quoted.replaceAll('""', '"');
      rows[rows.length - 1].push(content.trim());
      if (stop === "") break;
      if (stop !== separator) rows.push([]);
    }
    return rows;
  }

  const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) &&
    new Date(text).toISOString().startsWith(text);
  const kinds = {
    "day": [isDay, "a day such as 2026-03-31"],
    "yes/no": [(text) => /^(yes|no)$/i.test(text), "yes or no"],
    "number": [(text) => /^-?\d+([.,]\d+)?$/.test(text), "a number"],
    "text": [() => true, ""],
  };

  function check([head, ...rows]) {
    const wanted = columns.map(([heading]) => heading);
    if (head.join("\n").toLowerCase() !== wanted.join("\n").toLowerCase()) {
      return ["Line 1: the columns must be " + wanted.join(", ") + "."];
    }
    const days = new Map();
    return rows.flatMap((row, index) => {
      const line = "Line " + (index + 2) + ": ";
      if (row.every((cell) => !cell)) return [];
      if (row.length !== columns.length) {
        return [line + row.length + " cells for " + columns.length + " columns."];
      }
      const faults = columns.flatMap(([heading, kind], at) => {
        const [fits, needed] = kinds[kind];
        const sound = (at > 0 && !row[at]) || fits(row[at]);
        return sound ? [] : [line + heading + " is “" + row[at].slice(0, 40) + "”; needed is " + needed + "."];
      });
      if (days.has(row[0])) faults.push(line + row[0] + " is on line " + days.get(row[0]) + " too.");
      days.set(row[0], index + 2);
      return faults;
    });
  }

  function summary(kind, cells) {
    const noted = cells.filter(Boolean);
    if (!noted.length) return "–";
    if (kind === "yes/no") return noted.filter((cell) => /^y/i.test(cell)).length + " of " + noted.length;
    if (kind === "text") return noted.join("; ");
    const values = noted.map((cell) => Number(cell.replace(",", ".")));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (low === high ? low : low + " to " + high) + " (" + values.length + " noted)";
  }

  function show(rows) {
    const first = rows[0][0], last = rows[rows.length - 1][0];
    const span = Math.round((Date.parse(last) - Date.parse(first)) / 864e5) + 1;
    add(report, "p", rows.length + " days are noted from " + first + " to " + last + "; " +
      (span - rows.length) + " days between have no row, which is not the same as none.");
    const table = add(report, "table");
    table.className = "table evidence-table";
    const head = add(table.createTHead(), "tr");
    ["Month", "Days noted", ...columns.slice(1).map(([heading]) => heading)]
      .forEach((heading) => { add(head, "th", heading).scope = "col"; });
    const body = table.createTBody();
    [...new Set(rows.map(([day]) => day.slice(0, 7)))].forEach((month) => {
      const own = rows.filter(([day]) => day.startsWith(month));
      const line = add(body, "tr");
      add(line, "th", month).scope = "row";
      add(line, "td", String(own.length)).dataset.label = "Days noted";
      columns.slice(1).forEach(([heading, kind], at) => {
        add(line, "td", summary(kind, own.map((row) => row[at + 1]))).dataset.label = heading;
      });
    });
    add(report, "p", "Yes and no are counted among the days on which one of them was noted.");
    const button = add(report, "button", "Print this page");
    button.addEventListener("click", () => window.print());
  }

  function read(text) {
    const rows = parse(text);
    const faults = check(rows);
    const filled = rows.slice(1).filter((row) => row.some(Boolean)).sort((a, b) => (a[0] < b[0] ? -1 : 1));
    report.replaceChildren();
    if (faults.length) {
      add(report, "p", "This file cannot be read yet:");
      const list = add(report, "ul");
      faults.slice(0, 20).forEach((fault) => add(list, "li", fault));
    } else if (filled.length) show(filled);
    else add(report, "p", "This file has no days yet.");
  }

  const label = add(box, "label", "Open your own file (CSV). It is read here and sent nowhere. ");
  const input = add(label, "input");
  input.type = "file";
  input.accept = ".csv,text/csv";
  input.addEventListener("change", () => { if (input.files[0]) input.files[0].text().then(read); });
  box.append(report);
})();

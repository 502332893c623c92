// The reader's own data: seen, fitted for every k in turn, drawn, and given back as a model and a command.
"use strict";

const find = id => document.getElementById(id);
const words = document.querySelector(".words");
// What a browser holds with ease.
const MOST_LETTERS = 20e6;

let table = null; // what the library sees in the text
let fits = []; // one answer for each k
let runs = 0; // a run that is not the last is of a table that is no longer there
let shown = 0; // which of them is drawn
let file = "yours.csv";
const stage = new Stage(document.querySelector(".stage"), () => {});

function say(text, is_problem = false) {
    words.textContent = text;
    words.classList.toggle("problem", is_problem);
}

function attempt(act) {
    try {
        return act();
    } catch (error) {
        const text = error.message;
        say(text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : "."), true);
        return null;
    }
}

function element(name, text, parts = {}) {
    return Object.assign(document.createElement(name), { textContent: text }, parts);
}

function number(value, digits) {
    return value.toFixed(digits).replace("-", "−");
}

// The table.

function read(text, name) {
    file = name;
    find("text").value = text;
    see();
}

function see() {
    const text = find("text").value;
    [table, fits] = [null, []];
    runs += 1;
    find("result").hidden = true;
    find("columns").replaceChildren();
    find("table").textContent = "";
    say("");
    if (text.length > MOST_LETTERS) say("This table is too long for a page; the program takes any.", true);
    else if (text.trim()) table = attempt(() => Library.ask({ page: "table", text }));
    find("fit").disabled = !table;
    if (!table) return;
    const left_out = table.left_out.map(reason => `Left out: ${reason}.`);
    find("table").textContent = [`${table.n} rows.`, ...left_out].join(" ");
    find("columns").replaceChildren(...table.names.map((name, index) => {
        const label = element("label", "");
        const box = element("input", "", { type: "checkbox", checked: true, value: String(table.columns[index]) });
        box.addEventListener("change", () => { find("fit").disabled = chosen().length === 0; });
        label.append(box, name);
        return label;
    }));
}

const chosen = () => [...find("columns").querySelectorAll("input:checked")].map(box => Number(box.value));

// The fit: a k at a time, so that the page can say how far it is.

async function fit() {
    const [lowest, highest] = ["lowest", "highest"].map(id => Math.max(1, Math.round(Number(find(id).value) || 1)));
    const variational = find("variational").checked;
    if (highest < lowest && !variational) return say("The highest number of components is below the lowest.", true);
    const family = find("family").value;
    const question = { text: find("text").value, columns: chosen(), family, highest, variational };
    const run = ++runs;
    find("fit").disabled = true;
    const [found, refused] = [[], []];
    for (let k = variational ? highest : lowest; k <= highest; k++) {
        say(k === 1 ? "Fitting one component …" : `Fitting ${variational ? "up to " : ""}${k} components …`);
        await new Promise(done => setTimeout(done, 20));
        try {
            found.push(await Library.ask_aside({ page: "fit", ...question, k }));
        } catch (error) {
            refused.push(`${k} components: ${error.message}.`);
        }
        if (run !== runs) return;
    }
    find("fit").disabled = false;
    find("result").hidden = found.length === 0;
    if (!found.length) return say(`Nothing could be fitted. ${refused[0]}`, true);
    fits = Object.assign(found, { question, lowest });
    choose(best(), refused);
}

const best = () => fits.reduce((least, fit, index) => fit.bic < fits[least].bic ? index : least, 0);

// What came of it.

function choose(index, refused = []) {
    shown = index;
    const one = fits[index];
    const sweeps = `${one.sweeps} sweep${one.sweeps === 1 ? "" : "s"}`;
    const is_bound = one.bound !== null;
    const height = is_bound ? "bound" : "ℓ";
    const agree = `${one.same} of ${one.restarts} starts came to this ${height}, the best after ${sweeps}.`;
    const count = one.k === 1 ? "One component" : `${one.k} components`;
    const name = is_bound ? `${count} of at most ${fits.question.highest}` : count;
    const numbers = is_bound ? `log p(data) ≥ ${number(one.bound, 3)} nats`
        : `ℓ = ${number(one.log_likelihood, 3)} nats, BIC ${number(one.bic, 3)}`;
    say([`${name}: ${numbers}. ${agree}`, ...refused].join(" "));
    compare();
    const names = table.names.filter((_, at) => fits.question.columns.includes(table.columns[at]));
    for (const [id, at] of [["across", 0], ["up", Math.min(1, names.length - 1)]]) {
        const before = find(id).selectedIndex;
        find(id).replaceChildren(...names.map(name => element("option", name)));
        find(id).selectedIndex = before >= 0 && find(id).dataset.of === names.join() ? before : at;
        find(id).dataset.of = names.join();
    }
    find("axes").hidden = names.length < 2;
    const head = element("tr", "");
    head.append(...one.cells.map(cell => element("th", cell, { scope: "col" })));
    const rows = one.rows.map((cells, j) => {
        const row = element("tr", "");
        row.append(...cells.map(cell => element("td", cell)));
        row.firstElementChild.style.borderLeft = `4px solid ${COLOURS[j % COLOURS.length]}`;
        return row;
    });
    find("components").replaceChildren(head, ...rows);
    find("command").replaceChildren(...command().split(" ").flatMap(word => [" ", element("span", word)]).slice(1));
    find("json").textContent = one.json;
    URL.revokeObjectURL(find("download").href);
    find("download").href = URL.createObjectURL(new Blob([one.json], { type: "application/json" }));
    draw();
}

function compare() {
    find("comparison").hidden = fits.length < 2;
    const head = element("tr", "");
    head.append(...["k", "parameters", "ℓ", "BIC", ""].map(name => element("th", name, { scope: "col" })));
    const rows = fits.map((fit, index) => {
        const row = element("tr", "");
        const is_shown = index === shown;
        const parts = { type: "button", className: "step", disabled: is_shown };
        const pick = element("button", is_shown ? "shown" : "show", parts);
        pick.setAttribute("aria-label", `show ${fit.k} components`);
        pick.addEventListener("click", () => {
            choose(index);
            // The button is a new one, and takes no focus while it is the chosen one's.
            find("across").focus({ preventScroll: true });
        });
        const cells = [fit.k, fit.parameters, number(fit.log_likelihood, 3), number(fit.bic, 3)];
        row.append(...cells.map(cell => element("td", cell)));
        row.append(element("td", ""));
        row.lastElementChild.append(pick);
        row.classList.toggle("chosen", index === shown);
        return row;
    });
    find("comparison").replaceChildren(head, ...rows);
}

function draw() {
    const { text, columns } = fits.question;
    const axes = [find("across").selectedIndex, find("up").selectedIndex];
    const criteria = fits.map(fit => [fit.k, fit.bic]);
    const question = { page: "fitted", text, columns, json: fits[shown].json, axes, criteria, width: stage.width };
    const answer = attempt(() => Library.ask(question));
    if (answer) stage.show(answer.picture, words.textContent, []);
}

function command() {
    const { family, columns, highest, variational } = fits.question;
    const quoted = /^[\w.\/-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;
    const { k } = fits[shown];
    const many = fits.length > 1 && shown === best() ? `${fits.lowest}..${highest}` : k;
    const ks = variational ? `${highest} --variational` : many;
    const all = table.left_out.length === 0 && columns.length === table.columns.length;
    return ["executable-em fit", quoted, `-k ${ks}`, ...(all ? [] : [`--columns ${columns.join(",")}`]),
        `--covariance ${family}`, ...(variational ? [] : ["--start scaled"]), "--restarts 10",
        "--out model.json"].join(" ");
}

// What a reader does.

find("text").addEventListener("input", () => { file = "yours.csv"; see(); });
find("file").addEventListener("change", async ({ target: { files: [one] } }) => {
    if (one) read(await one.text(), one.name);
});
find("example").addEventListener("click", () => read(Library.ask({ page: "example" }), "src/data/old_faithful.csv"));
find("fit").addEventListener("click", fit);
for (const id of ["across", "up"]) find(id).addEventListener("change", draw);
// What the data choose has one largest number, and a prior for full and for diagonal covariances.
find("variational").addEventListener("change", ({ target: { checked } }) => {
    find("lowest").disabled = checked;
    for (const option of find("family").options) option.disabled = checked && /tied|spherical/.test(option.value);
    if (find("family").selectedOptions[0].disabled) find("family").value = "full";
});
find("copy").addEventListener("click", async () => {
    try {
        await navigator.clipboard.writeText(find("command").textContent);
        find("copy").textContent = "Copied";
    } catch {
        getSelection().selectAllChildren(find("command"));
        find("copy").textContent = "Selected: copy it with the keyboard";
    }
    setTimeout(() => { find("copy").textContent = "Copy the command"; }, 2500);
});
addEventListener("dragover", event => event.preventDefault());
addEventListener("drop", async event => {
    event.preventDefault();
    const one = event.dataTransfer.files[0];
    if (one) read(await one.text(), one.name);
});
Library.load().then(() => {
    document.documentElement.dataset.ready = "yes";
    let width = stage.width;
    new ResizeObserver(() => {
        if (fits.length && stage.width !== width) { width = stage.width; draw(); }
    }).observe(stage.element);
    if (find("text").value) see();
}).catch(error => say(error.message, true));

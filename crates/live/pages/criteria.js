// How many components. The address: the data, the family of covariances, and k.
"use strict";

const page = new Page({
    defaults: { data: "faithful", family: "full", k: "2" },
    question: ({ data, family, k }) => ({ page: "criteria", data, family, k: Number(k) }),
    // The foot of the line at k; it goes from one number to the next.
    handles: ({ k, picture: { frames: [, { y: [bottom] }] } }) =>
        [{ panel: 1, kind: "mean", name: "number of components", at: [k, bottom], stride: 1 }],
    moved: (page, _, [k]) => page.go({ k: String(Math.round(k)) }),
    prepared: state => fit(state),
    settle: (page, { k }) => { page.state.k = String(k); },
    shown: (answer, state) => {
        for (const name of ["data", "family"]) document.getElementById(name).value = state[name];
        document.getElementById("fewer").disabled = answer.k === 1;
        document.getElementById("more").disabled = answer.k === answer.most;
        document.querySelector("#numbers tbody").replaceChildren(...answer.rows.map(row(answer)));
        document.querySelector(".scroll").hidden = false;
    },
});

// A row of the table; the first of its numbers, the parameters, are nobody's choice.
const row = ({ k, best }) => (numbers, index) => {
    const line = document.createElement("tr");
    const head = Object.assign(document.createElement("th"), { scope: "row", textContent: index + 1 });
    line.append(head, ...numbers.map((number, at) => {
        const is_best = best[at - 1] === index + 1;
        return Object.assign(document.createElement("td"), {
            textContent: `${is_best ? "✓\u2009" : ""}${number}`, className: is_best ? "best" : "",
        });
    }));
    line.classList.toggle("chosen", k === index + 1);
    if (k === index + 1) line.setAttribute("aria-current", "true");
    return line;
};

// Below the words, which stand beside what they tell of.
document.querySelector("main").append(document.querySelector(".scroll"));

const by = step => page.go({ k: String(page.answer.k + step) });

on("fewer", "click", () => by(-1));
on("more", "click", () => by(1));
for (const name of ["data", "family"]) on(name, "change", async event => {
    const change = { [name]: event.target.value };
    await fit({ ...page.state, ...change });
    page.go(change);
});

// A number of components at a time, until there are no more, so that the page can say how far it is.
async function fit({ data, family }) {
    for (let k = 1, fitted = 0; fitted === k - 1; k++) {
        page.words.textContent = `Fitting ${k} ${k === 1 ? "component" : "components"} …`;
        await new Promise(done => setTimeout(done));
        fitted = Library.ask({ page: "fits", data, family, k });
    }
}

// EM for a Gaussian mixture. The address: data, family, where EM begins (across; random,k,seed; clusters,k,seed; or at
// with six numbers a component: weight, mean, variance, covariance, variance), half steps, and which update is made.
"use strict";

function begin(text) {
    const [kind, numbers] = [Address.name(text), Address.numbers(text)];
    if (kind === "across") return kind;
    if (kind !== "at") return { [kind]: { k: numbers[0], seed: numbers[1] } };
    const parts = numbers.flatMap((_, index) => index % 6 ? [] : [numbers.slice(index, index + 6)]);
    return {
        parameters: {
            weights: parts.map(part => part[0]),
            means: parts.map(part => part.slice(1, 3)),
            covariances: parts.map(part => part.slice(3)),
        },
    };
}

function at({ weights, means, covariances }) {
    return ["at", ...weights.flatMap((weight, j) => [weight, ...means[j], ...covariances[j]])].join(",");
}

const START = { faithful: "across", blobs: "random,4,42", stripes: "random,2,1", unequal: "random,2,1" };
const COUNT = { faithful: 2, blobs: 4, stripes: 2, unequal: 2 };
const ARMS = ["mean", "right", "above"];

const page = new Page({
    defaults: { data: "faithful", family: "full", begin: "across", step: "0", update: "right" },
    question: state => ({
        page: "mixture", data: state.data, family: state.family, begin: begin(state.begin),
        half_steps: Number(state.step), about_old_means: state.update === "printed",
    }),
    // Arms below, means on top: where they meet, the mean is what a hand wants.
    handles: answer => [1, 2, 0].flatMap(arm => answer.broken && arm ? [] : answer.handles.map((places, index) => ({
        panel: 0, at: places[arm], index, arm: ARMS[arm],
        kind: arm ? "arm" : "mean", colour: COLOURS[index % COLOURS.length],
        name: `${["mean", "width and tilt", "height"][arm]} of component ${index + 1}`,
    }))),
    // The colours follow the hand: the E step of what was moved comes with it.
    moved: (page, { index, arm }, to) => {
        page.go({}, { drag: { component: index, handle: arm, to } });
        page.state = { ...page.state, begin: at(page.answer.parameters), step: String(page.answer.half_steps) };
        Address.write(page.state);
    },
    settle: (page, answer) => { page.state.step = String(answer.half_steps); },
    shown: (answer, state) => {
        for (const name of ["data", "family", "update"]) {
            const control = document.getElementById(name);
            if (name === "update") control.checked = state.update === "printed";
            else control.value = state[name];
        }
        for (const name of ["E", "M"]) {
            const button = document.getElementById(name);
            button.classList.toggle("next", !answer.at_rest && answer.next === name);
            button.disabled = answer.at_rest || answer.next !== name;
        }
        document.getElementById("run").disabled = answer.at_rest;
        document.getElementById("back").disabled = answer.half_steps === 0;
    },
    running: runs => { document.getElementById("run").textContent = runs ? "Pause" : "Run"; },
});

const forward = steps => page.go({ step: String(page.answer.half_steps + steps) });
let seed = 1;
const start = (kind, data = page.state.data) => {
    page.pause();
    page.go({ data, begin: kind ? `${kind},${COUNT[data]},${seed++}` : START[data], step: "0" });
};

on("E", "click", () => { page.pause(); forward(1); });
on("M", "click", () => { page.pause(); forward(1); });
// A whole sweep a tick: from after an M step to after the next.
on("run", "click", () => page.run(() => forward(page.answer.half_steps % 2 ? 1 : 2), 220));
on("back", "click", () => { page.pause(); forward(-1); });
on("again", "click", () => start(null));
on("random", "click", () => start("random"));
on("clusters", "click", () => start("clusters"));
on("data", "change", event => start(null, event.target.value));
on("family", "change", event => {
    page.pause();
    // Parameters of one family are drawn into the next by the library.
    page.go({ family: event.target.value, step: "0" });
});
on("update", "change", event => {
    page.pause();
    // From here on with the other formula.
    const { parameters, broken } = page.answer;
    const from = broken ? { begin: START[page.state.data] } : { begin: at(parameters) };
    page.go({ update: event.target.checked ? "printed" : "right", step: "0", ...from });
});

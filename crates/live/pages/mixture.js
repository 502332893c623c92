// EM for a Gaussian mixture. The address: data, and what the reader has put among them; family, where EM begins
// (across; random,k,seed; clusters,k,seed; or at with six numbers a component: weight, mean, variance, covariance,
// variance), half steps, and which update is made.
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

// The state of an answer as a beginning, if EM can go on from there.
const begun = ({ parameters, broken }) => broken ? START[page.state.data] : at(parameters);
const pairs = text =>
    text.split(",").map(Number).flatMap((_, index, all) => index % 2 ? [all.slice(index - 1, index + 1)] : []);
// So many data of the reader's own have room in an address.
const MOST = 100;

const START = { faithful: "across", blobs: "random,4,42", stripes: "random,2,1", unequal: "random,2,1" };
const COUNT = { faithful: 2, blobs: 4, stripes: 2, unequal: 2 };
const ARMS = ["mean", "right", "above"];

const page = new Page({
    defaults: { data: "faithful", more: "", family: "full", begin: "across", step: "0", update: "right" },
    question: state => ({
        page: "mixture", data: state.data, more: pairs(state.more), family: state.family, begin: begin(state.begin),
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
    // The components stay where they are, and see one datum more.
    added: (page, at) => {
        page.pause();
        const more = [...pairs(page.state.more), at].slice(-MOST);
        page.go({ more: more.flat().join(","), begin: begun(page.answer), step: "0" });
    },
    settle: (page, answer) => { page.state.step = String(answer.half_steps); },
    shown: (answer, state) => {
        for (const name of ["data", "family", "update"]) {
            const control = document.getElementById(name);
            if (name === "update") control.checked = state.update === "printed";
            else control.value = state[name];
        }
        inTurn(["E", "M"], answer);
        document.getElementById("run").disabled = answer.at_rest;
        document.getElementById("none").disabled = !state.more;
        document.getElementById("back").disabled = answer.half_steps === 0;
    },
});

const forward = steps => page.go({ step: String(page.answer.half_steps + steps) });
let seed = 1;
const start = (kind, data = page.state.data) => {
    page.pause();
    const more = data === page.state.data ? page.state.more : "";
    page.go({ data, more, begin: kind ? `${kind},${COUNT[data]},${seed++}` : START[data], step: "0" });
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
    page.go({ update: event.target.checked ? "printed" : "right", step: "0", begin: begun(page.answer) });
});
// Up on the left, where none of the data sets has any: with it, all that a click can do can be done by keys.
on("outlier", "click", () => {
    const { left, top, width, height } = page.stage.frames[0];
    page.added(page, page.stage.in_data(0, [left + 0.06 * width, top + 0.08 * height]));
});
on("none", "click", () => { page.pause(); page.go({ more: "", begin: begun(page.answer), step: "0" }); });

// k-means, half step by half step. The address: data, where the means begin (at,x,y,… or random,k,seed …), half steps.
"use strict";

function begin(text) {
    const [kind, numbers] = [Address.name(text), Address.numbers(text)];
    const [k, seed] = numbers;
    if (kind !== "at") return { [kind]: kind === "worst" ? { k } : { k, seed } };
    return { means: numbers.flatMap((value, index) => index % 2 ? [] : [[value, numbers[index + 1]]]) };
}

const COUNT = { standard: 2, blobs: 4, stripes: 2, unequal: 2 };
const START = { standard: "at,-1,1,1,-1", blobs: "worst,4", stripes: "random,2,1", unequal: "random,2,1" };
const at = means => ["at", ...means.flat()].join(",");

const page = new Page({
    defaults: { data: "standard", begin: START.standard, step: "0" },
    question: ({ data, begin: from, step }) =>
        ({ page: "kmeans", data, begin: begin(from), half_steps: Number(step) }),
    handles: answer =>
        answer.means.map((mean, j) => ({ panel: 0, kind: "mean", name: `mean ${j + 1}`, at: mean, index: j })),
    // What a hand moves is a new beginning; once data were assigned, they follow at once.
    moved: (page, { index }, place) => {
        const means = page.answer.means.map((mean, j) => j === index ? place : mean);
        page.go({ begin: at(means), step: page.answer.half_steps > 0 ? "1" : "0" });
    },
    settle: (page, answer) => { page.state.step = String(answer.half_steps); },
    shown: (answer, state) => {
        document.getElementById("data").value = state.data;
        inTurn(["assign", "update"], answer);
        document.getElementById("run").disabled = answer.at_rest;
        document.getElementById("back").disabled = answer.half_steps === 0;
    },
});

const forward = () => page.go({ step: String(page.answer.half_steps + 1) });
let seed = 1;
const start = kind => {
    page.pause();
    const k = COUNT[page.state.data];
    page.go({ begin: kind === "worst" ? `worst,${k}` : `${kind},${k},${seed++}`, step: "0" });
};

on("assign", "click", () => { page.pause(); forward(); });
on("update", "click", () => { page.pause(); forward(); });
on("run", "click", () => page.run(forward, 450));
on("back", "click", () => { page.pause(); page.go({ step: String(page.answer.half_steps - 1) }); });
on("random", "click", () => start("random"));
on("plus", "click", () => start("plus"));
on("worst", "click", () => start("worst"));
on("data", "change", event => {
    page.pause();
    page.go({ data: event.target.value, begin: START[event.target.value], step: "0" });
});

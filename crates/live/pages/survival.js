// Components that empty themselves. The address: where they begin, the logarithm of α, and how many sweeps were made.
"use strict";

const page = new Page({
    defaults: { start: "", alpha: "-3", step: "0" },
    question: ({ start, alpha, step }) => {
        const numbers = start ? start.split(",").map(Number) : [];
        const means = numbers.flatMap((_, index) => index % 2 ? [] : [numbers.slice(index, index + 2)]);
        return { page: "survival", means, log_concentration: Number(alpha), sweeps: Number(step) };
    },
    // Once the run has begun, the places where it did would hide what has become of them.
    handles: ({ means, sweeps }) => sweeps ? [] : means.map((at, index) => ({
        panel: 0, kind: "mean", at, index, colour: COLOURS[index], name: `start of component ${index + 1}`,
    })),
    moved: (page, { index }, to) => page.go({ start: page.answer.means.with(index, to).flat().join(",") }),
    shown: ({ sweeps }, { alpha }) => {
        document.getElementById("alpha").value = alpha;
        document.getElementById("value").textContent = String(Number((10 ** Number(alpha)).toPrecision(2)));
        document.getElementById("again").disabled = sweeps === 0;
    },
    made: ({ sweeps }) => sweeps,
    pace: 160,
});

on("again", "click", () => { page.pause(); page.go({ step: "0" }); });
on("alpha", "input", event => { page.pause(); page.go({ alpha: event.target.value }); });

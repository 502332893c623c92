// Two coins. The address: the biases that EM begins with, flips a draw, and how many sweeps were made.
"use strict";

const page = new Page({
    defaults: { start: "0.6,0.5", flips: "10", step: "0" },
    question: ({ start, flips, step }) =>
        ({ page: "coins", biases: start.split(",").map(Number), flips: Number(flips), sweeps: Number(step) }),
    handles: ({ start }) => [{ panel: 0, kind: "mean", name: "the biases at the start", at: start }],
    // What was run is run from the new start.
    moved: (page, _, place) => page.go({ start: place.join(",") }),
    shown: ({ flips }) => { document.getElementById("flips").value = flips; },
    made: ({ sweeps }) => sweeps,
    pace: 200,
});

// Beside the diagonal on either side, far off, and on the diagonal itself.
const STARTS = ["0.6,0.5", "0.1,0.2", "0.95,0.1", "0.08,0.9", "0.4,0.4"];

on("again", "click", () => {
    page.pause();
    page.go({ start: STARTS[(STARTS.indexOf(page.state.start) + 1) % STARTS.length], step: "0" });
});
on("flips", "change", event => { page.pause(); page.go({ flips: event.target.value, step: "0" }); });

// EM, gradient ascent and SQUAREM from one start. The address: the start, η, and how many sweeps each has made.
"use strict";

const page = new Page({
    defaults: { start: "-3.6,3.3", eta: "0.04", step: "0" },
    question: ({ start, eta, step }) =>
        ({ page: "ascent", place: start.split(",").map(Number), step: Number(eta), sweeps: Number(step) }),
    handles: ({ place }) => [{ panel: 0, kind: "mean", name: "the start", at: place }],
    // What was walked is walked from the new start.
    moved: (page, _, place) => page.go({ start: place.join(",") }),
    shown: (_, { eta }) => {
        document.getElementById("eta").value = eta;
        document.getElementById("size").textContent = Number(eta).toFixed(2);
    },
    made: ({ sweeps }) => sweeps,
    pace: 160,
});

// Each where a run has something to tell: far off, beside the saddle, and where the gradient swings.
const STARTS = ["-3.6,3.3", "-0.95,-0.9", "3,2.85", "-3.7,-3.4", "0.2,-3.7", "3.7,-0.4"];

on("again", "click", () => {
    page.pause();
    const next = (STARTS.indexOf(page.state.start) + 1) % STARTS.length;
    page.go({ start: STARTS[next], step: "0" });
});
on("eta", "input", event => { page.pause(); page.go({ eta: event.target.value }); });

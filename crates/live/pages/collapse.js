// A run that ends on a datum, and what holds it. The address: where the means begin, what holds them and how much (the
// logarithm of a floor or of a prior's scale), and how many sweeps were made.
"use strict";

const page = new Page({
    defaults: { start: "0,5", remedy: "none", size: "-1", step: "0" },
    question: ({ start, remedy, size, step }) => ({
        page: "collapse", means: start.split(",").map(Number), remedy, log_size: Number(size), sweeps: Number(step),
    }),
    handles: ({ means }) => means.map((mean, index) => ({
        panel: 0, kind: "mean", at: [mean, 0], index, colour: COLOURS[index], name: `start of component ${index + 1}`,
    })),
    // What was run is run from the new start.
    moved: (page, { index }, [to]) => page.go({ start: page.answer.means.with(index, to).join(",") }),
    shown: ({ sweeps }, { remedy, size }) => {
        document.getElementById("remedy").value = remedy;
        document.getElementById("size").value = size;
        document.getElementById("size").disabled = remedy === "none";
        document.getElementById("what").textContent = { none: "size", floor: "floor", prior: "scale ψ" }[remedy];
        document.getElementById("value").textContent =
            remedy === "none" ? "" : String(Number((10 ** Number(size)).toPrecision(2)));
        document.getElementById("again").disabled = sweeps === 0;
    },
    // A sweep without an answer was asked for, too.
    made: ({ sweeps, broken }) => sweeps + (broken ? 1 : 0),
    pace: 350,
});

on("again", "click", () => { page.pause(); page.go({ step: "0" }); });
on("remedy", "change", event => { page.pause(); page.go({ remedy: event.target.value, step: "0" }); });
on("size", "input", event => { page.pause(); page.go({ size: event.target.value }); });

// Coordinate ascent on the bound. The address: θ, where q is the posterior (at), how blurred q is, and the steps taken.
"use strict";

const page = new Page({
    defaults: { theta: "0.3", at: "-0.9", blur: "0", moves: "" },
    question: ({ theta, at, blur, moves }) =>
        ({ page: "hills", theta: Number(theta), at: Number(at), blur: Number(blur), moves }),
    handles: ({ theta, at, lower_bound }) => [
        { panel: 0, kind: "mean", name: "θ", at: [theta, lower_bound], what: "theta" },
        { panel: 1, kind: "mean", name: "θ, and where q is the posterior", at: [theta, at], what: "both" },
    ],
    moved: (page, { what }, [theta, at]) => {
        const now = page.answer;
        page.go({ theta, at: what === "both" ? at : now.at, blur: now.blur, moves: "" });
    },
    shown: ({ gap, at_rest, blur }, { moves }) => {
        const [e, m] = ["E", "M"].map(name => document.getElementById(name));
        e.classList.toggle("next", gap >= 5e-7);
        m.classList.toggle("next", gap < 5e-7 && !at_rest);
        m.disabled = moves.endsWith("M") || at_rest;
        e.disabled = moves.endsWith("E") || at_rest;
        document.getElementById("run").disabled = at_rest;
        document.getElementById("back").disabled = moves === "";
        document.getElementById("blur").value = blur;
        document.getElementById("share").textContent = `${Math.round(blur * 100)} %`;
    },
});

const step = letter => page.go({ moves: page.state.moves + letter });
// After an M step always an E step, however small the gap has become.
const next = () => step(page.state.moves.endsWith("M") || page.answer.gap >= 5e-7 ? "E" : "M");

on("E", "click", () => { page.pause(); step("E"); });
on("M", "click", () => { page.pause(); step("M"); });
on("run", "click", () => page.run(next, 650));
on("back", "click", () => { page.pause(); page.go({ moves: page.state.moves.slice(0, -1) }); });
on("again", "click", () => { page.pause(); page.go({ theta: "0.3", at: "-0.9", blur: "0", moves: "" }); });
on("blur", "input", event => {
    page.pause();
    const { theta, at } = page.answer;
    page.go({ theta, at, blur: event.target.value, moves: "" });
});

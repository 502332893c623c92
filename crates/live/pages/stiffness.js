// Soft k-means while β is raised. The address: log₁₀ β.
"use strict";

const [LOW, HIGH] = [-1.8, 1.02];

const page = new Page({
    defaults: { beta: "-0.7" },
    question: ({ beta }) => ({ page: "stiffness", log_stiffness: Number(beta) }),
    handles: ({ log_stiffness, means }) => [
        { panel: 1, kind: "mean", name: "logarithm of β", at: [log_stiffness, means[0][0]], held: true },
    ],
    moved: (page, _, [beta]) => page.go({ beta }),
    shown: ({ log_stiffness }) => {
        document.getElementById("beta").value = log_stiffness;
        document.getElementById("run").disabled = log_stiffness >= HIGH - 0.01;
        page.answer.at_rest = log_stiffness >= HIGH - 0.01;
    },
});

on("beta", "input", event => { page.pause(); page.go({ beta: event.target.value }); });
on("run", "click", () => page.run(() => page.go({ beta: (page.answer.log_stiffness + 0.0235).toFixed(4) }), 60));
on("again", "click", () => { page.pause(); page.go({ beta: String(LOW) }); });

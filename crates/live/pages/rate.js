// How fast and how sure. The address: the distance of the two clusters.
"use strict";

const [LEAST, MOST, STEP] = [1.6, 6, 0.2];

const page = new Page({
    defaults: { distance: "3" },
    question: ({ distance }) => ({ page: "rate", distance: Number(distance) }),
    handles: ({ distance }) => [
        { panel: 0, kind: "mean", name: "distance of the clusters", at: [distance, 0], colour: COLOURS[1] },
    ],
    moved: (page, _, [distance]) => page.go({ distance }),
    shown: ({ distance }) => {
        document.getElementById("distance").value = distance;
        document.getElementById("value").textContent = distance.toFixed(2);
        document.getElementById("nearer").disabled = distance <= LEAST;
        document.getElementById("farther").disabled = distance >= MOST;
    },
    settle: (page, { distance }) => { page.state.distance = String(distance); },
});

const by = step => page.go({ distance: (page.answer.distance + step).toFixed(2) });

on("nearer", "click", () => by(-STEP));
on("farther", "click", () => by(STEP));
on("distance", "input", event => page.go({ distance: event.target.value }));

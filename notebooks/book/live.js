// The live pages inside the chapters: they say how high they are, and are told whether the book is light or dark.
"use strict";

addEventListener("message", ({ data, source }) => {
    if (!data || !data.live) return;
    const frame = [...document.querySelectorAll("iframe.live")].find(frame => frame.contentWindow === source);
    if (!frame) return;
    frame.style.height = `${data.height}px`;
    // The link beside it leads to the situation that is seen.
    const link = frame.parentElement.querySelector("a");
    if (link) link.hash = data.place;
    tell(frame);
});

function tell(frame) {
    const theme = document.documentElement.dataset.theme;
    if (frame.dataset.told === theme) return;
    frame.dataset.told = theme;
    frame.contentWindow.postMessage({ theme }, "*");
}

new MutationObserver(() => document.querySelectorAll("iframe.live").forEach(tell))
    .observe(document.documentElement, { attributeFilter: ["data-theme"] });

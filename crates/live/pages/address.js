// The situation in the address, so that it can be linked to: #data=blobs&begin=random,4,3&step=5
"use strict";

const Address = (() => {
    function read(defaults) {
        const found = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
        return { ...defaults, ...found };
    }

    let [last, written, due] = ["", location.hash, null];
    function write(state) {
        const text = Object.entries(state).map(([key, value]) => `${key}=${encodeURI(value)}`).join("&");
        last = `#${text}`;
        // A browser takes half a frame to change the address: it follows when a hand or a run pauses.
        clearTimeout(due);
        due = setTimeout(settle, 100);
    }

    function settle() {
        // Where somebody has gone elsewhere meanwhile, that holds.
        if (location.hash !== written) return;
        // A page in a frame of another origin, as from a disk, may not have a history of its own.
        try { history.replaceState(null, "", last); } catch { /* The situation is then not in the address. */ }
        written = location.hash;
        Frame.tell();
    }

    // Another situation was asked for, by hand or by a link.
    function changed(listener) {
        addEventListener("hashchange", () => {
            written = location.hash;
            if (location.hash !== last) listener();
        });
    }

    const numbers = text => text.split(",").slice(1).map(Number);
    const name = text => text.split(",")[0];
    return { read, write, changed, numbers, name };
})();

// Where a page stands inside a chapter: it takes the chapter's colours, and says how high it is.
const Frame = (() => {
    const inside = window.parent !== window;
    document.documentElement.classList.toggle("embedded", inside);
    function tell() {
        if (!inside) return;
        const height = Math.ceil(document.body.getBoundingClientRect().height);
        window.parent.postMessage({ live: location.pathname, height, place: location.hash }, "*");
    }
    addEventListener("message", ({ data }) => {
        if (data && data.theme) document.documentElement.dataset.theme = data.theme;
    });
    if (inside) {
        addEventListener("DOMContentLoaded", () => { new ResizeObserver(tell).observe(document.body); tell(); });
    }
    return { tell };
})();

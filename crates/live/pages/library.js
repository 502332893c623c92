// The library, compiled from the same source as the crate, and the one way to ask it.
"use strict";

const Library = (() => {
    // The module travels as compressed text, because a page opened from a disk may load scripts and nothing else.
    async function unpacked(text) {
        const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
        return new Response(stream).arrayBuffer();
    }

    function script(address) {
        return new Promise((loaded, failed) => {
            const element = document.createElement("script");
            const missing = () => failed(new Error(`${address} is missing`));
            Object.assign(element, { src: address, onload: loaded, onerror: missing });
            document.head.append(element);
        });
    }

    let ready = null;
    function load() {
        ready ??= script("module.js").then(async () => {
            await wasm_bindgen({ module_or_path: await unpacked(MODULE) });
        });
        return ready;
    }

    // What was asked and answered last, for whoever wants to ask the same elsewhere.
    const asked = [];

    // The answer, or an error whose message is a sentence for the reader.
    function ask(question) {
        const text = JSON.stringify(question);
        const reply = wasm_bindgen.answer(text);
        asked.push([text, reply]);
        if (asked.length > 50) asked.shift();
        const { answer, error } = JSON.parse(reply);
        if (error !== undefined) throw new Error(error);
        return answer;
    }

    return { load, ask, asked };
})();

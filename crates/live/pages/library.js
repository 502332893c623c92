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
        return heard(text, wasm_bindgen.answer(text));
    }

    function heard(text, reply) {
        asked.push([text, reply]);
        if (asked.length > 50) asked.shift();
        const { answer, error } = JSON.parse(reply);
        if (error !== undefined) throw new Error(error);
        return answer;
    }

    // A worker with a library of its own; none where none may start, as in a page opened from a disk.
    let worker = null;
    function started() {
        return new Promise(done => {
            try {
                const one = new Worker("library.js");
                Object.assign(one, { onmessage: ({ data }) => done(data ? one : null), onerror: () => done(null) });
            } catch {
                done(null);
            }
        });
    }

    // The answer to what takes long: the page does not stand still meanwhile, if there is a worker.
    async function ask_aside(question) {
        const one = await (worker ??= started());
        if (!one) return ask(question);
        const text = JSON.stringify(question);
        const { port1, port2 } = new MessageChannel();
        return heard(text, await new Promise(done => {
            port1.onmessage = ({ data }) => { port1.close(); done(data); };
            one.postMessage(text, [port2]);
        }));
    }

    // What this script does in the worker, which says whether it can.
    async function serve() {
        importScripts("module.js");
        await wasm_bindgen({ module_or_path: await unpacked(MODULE) });
        onmessage = ({ data, ports: [port] }) => {
            try {
                port.postMessage(wasm_bindgen.answer(data));
            } catch (error) {
                port.postMessage(JSON.stringify({ error: error.message }));
            }
        };
    }
    if (typeof document === "undefined") serve().then(() => postMessage(true), () => postMessage(false));

    return { load, ask, ask_aside, asked };
})();

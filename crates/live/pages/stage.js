// The picture, and the handles by which it is held: with a pointer, a finger or the arrow keys.
"use strict";

// The colours of the components, as the library draws them.
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#785e3c", "#6e6e6e"];

class Stage {
    // `moved(handle, [x, y])` hears of every move, `added([x, y])` of a place in the first panel, in units of
    // the data.
    constructor(element, moved, added) {
        this.element = element;
        this.moved = moved;
        this.paper = document.createElement("div");
        this.paper.addEventListener("click", event => {
            const [box, { left, top, width, height }] = [this.element.getBoundingClientRect(), this.frames[0]];
            const [x, y] = [event.clientX - box.left, event.clientY - box.top];
            if (x > left && x < left + width && y > top && y < top + height) added(this.in_data(0, [x, y]));
        });
        this.layer = document.createElement("div");
        this.frames = [];
        this.waiting = null;
    }

    get width() {
        return Math.round(this.element.getBoundingClientRect().width) || 720;
    }

    show(picture, words, handles) {
        if (!this.paper.isConnected) this.element.replaceChildren(this.paper, this.layer);
        this.frames = picture.frames;
        this.paper.innerHTML = picture.svg;
        this.paper.firstElementChild.setAttribute("aria-label", words);
        this.place(handles);
    }

    // Handles are kept from picture to picture, so that a finger or the focus stays where it is.
    place(handles) {
        while (this.layer.childElementCount > handles.length) this.layer.lastElementChild.remove();
        handles.forEach((handle, index) => {
            const button = this.layer.children[index] ?? this.made(index);
            button.handle = handle;
            button.className = `handle ${handle.kind}`;
            button.style.setProperty("--own", handle.colour ?? "");
            const place = handle.at.map(shortened).join(" and ");
            button.setAttribute("aria-label", `${handle.name}, at ${place}; arrow keys move it`);
            const [x, y] = this.on_page(handle);
            const { left, top, width, height } = this.frames[handle.panel];
            const seen = x > left - 1 && x < left + width + 1 && y > top - 1 && y < top + height + 1;
            // What left the picture waits at its edge.
            button.style.left = `${Math.min(Math.max(x, left), left + width)}px`;
            button.style.top = `${Math.min(Math.max(y, top), top + height)}px`;
            button.style.opacity = seen ? "" : "0.5";
        });
    }

    made(index) {
        const button = document.createElement("button");
        button.type = "button";
        this.layer.append(button);
        button.addEventListener("pointerdown", event => {
            button.setPointerCapture(event.pointerId);
            const [x, y] = this.on_page(button.handle);
            const box = this.element.getBoundingClientRect();
            this.grip = [event.clientX - box.left - x, event.clientY - box.top - y];
            event.preventDefault();
            button.focus({ preventScroll: true });
        });
        button.addEventListener("pointermove", event => {
            if (!button.hasPointerCapture(event.pointerId)) return;
            const box = this.element.getBoundingClientRect();
            this.ask(button, [event.clientX - box.left - this.grip[0], event.clientY - box.top - this.grip[1]]);
        });
        button.addEventListener("keydown", event => {
            const [x, y] = this.on_page(button.handle);
            const step = this.stride(button.handle) ?? (event.shiftKey ? 1 : 8);
            const ways = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
            const way = ways[event.key];
            if (!way) return;
            event.preventDefault();
            this.ask(button, [x + way[0], y + way[1]]);
        });
        return button;
    }

    // One answer a frame, for the latest place.
    ask(button, place) {
        const first = this.waiting === null;
        this.waiting = [button.handle, this.in_data(button.handle.panel, place)];
        if (!first) return;
        requestAnimationFrame(() => {
            const [handle, at] = this.waiting;
            this.waiting = null;
            this.moved(handle, at);
        });
    }

    on_page({ panel, at: [x, y] }) {
        const { left, top, width, height, x: [x0, x1], y: [y0, y1] } = this.frames[panel];
        return [left + (x - x0) / (x1 - x0) * width, top + (y1 - y) / (y1 - y0) * height];
    }

    // How many pixels apart the places of a handle are that has no others between them.
    stride({ panel, stride }) {
        const { width, x: [low, high] } = this.frames[panel];
        return stride && stride / (high - low) * width;
    }

    // Rounded to a tenth of a pixel: an address should not be longer than a hand is exact.
    in_data(panel, [left, top]) {
        const frame = this.frames[panel];
        const share = (value, from, length) => Math.min(Math.max((value - from) / length, 0), 1);
        const along = (at, [low, high], pixels) => {
            const digits = Math.max(0, Math.ceil(-Math.log10((high - low) / pixels / 10)));
            return Number((low + at * (high - low)).toFixed(Math.min(digits, 12)));
        };
        return [
            along(share(left, frame.left, frame.width), frame.x, frame.width),
            along(1 - share(top, frame.top, frame.height), frame.y, frame.height),
        ];
    }
}

function shortened(value) {
    return String(Number(value.toPrecision(4))).replace("-", "−");
}

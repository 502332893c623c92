// What every page does: ask with its situation, show the answer, keep the address, run.
"use strict";

const still = matchMedia("(prefers-reduced-motion: reduce)");

class Page {
    // `question(state)` is what to ask, `handles(answer)` what can be held, `shown(answer, state)` what else changes,
    // `moved(page, handle, at)` what a hand does, `added(page, at)` what it puts there, if it may.
    constructor(parts) {
        Object.assign(this, parts);
        this.state = Address.read(this.defaults);
        this.stage = new Stage(document.querySelector(".stage"), (handle, at) => {
            this.pause();
            this.moved(this, handle, at);
        }, at => this.added?.(this, at));
        this.words = document.querySelector(".words");
        this.timer = null;
        Address.changed(() => { this.state = Address.read(this.defaults); this.show(); });
        Library.load().then(() => {
            new ResizeObserver(() => { if (this.stage.width !== this.width) this.show(); }).observe(this.stage.element);
            this.show();
            document.documentElement.dataset.ready = "yes";
        }).catch(error => this.problem(error));
    }

    // Goes to another situation, which may be refused; then all stays as it is.
    go(change, extra = {}) {
        const before = this.state;
        this.state = { ...this.state, ...change };
        if (!this.show(extra)) this.state = before;
    }

    show(extra = {}) {
        try {
            this.width = this.stage.width;
            this.answer = Library.ask({ ...this.question(this.state), ...extra, width: this.width });
        } catch (error) {
            this.pause();
            this.problem(error);
            return false;
        }
        const { answer } = this;
        this.stage.show(answer.picture, answer.words, this.handles(answer));
        this.words.textContent = answer.words;
        this.words.classList.toggle("problem", Boolean(answer.broken));
        this.settle?.(this, answer);
        this.shown?.(answer, this.state);
        Address.write(this.state);
        return true;
    }

    problem(error) {
        this.words.textContent = sentence(error.message);
        this.words.classList.add("problem");
    }

    // Runs on until it is at rest; at once for readers who want nothing to move.
    run(step, milliseconds) {
        if (this.timer) return this.pause();
        const tick = () => {
            step();
            if (this.answer.at_rest) this.pause();
        };
        if (still.matches) {
            for (let count = 0; count < 400 && !this.answer.at_rest; count++) step();
            return;
        }
        this.timer = setInterval(tick, milliseconds);
        this.running?.(true);
        tick();
    }

    pause() {
        if (!this.timer) return;
        clearInterval(this.timer);
        this.timer = null;
        this.running?.(false);
    }
}

function sentence(text) {
    const words = text.charAt(0).toUpperCase() + text.slice(1);
    return /[.!?]$/.test(words) ? words : `${words}.`;
}

// A control by its id, with what it does.
function on(id, event, act) {
    const element = document.getElementById(id);
    element.addEventListener(event, act);
    return element;
}
